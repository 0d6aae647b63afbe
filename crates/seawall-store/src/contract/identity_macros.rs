//! The list of all cases of identity.

#[doc(hidden)]
#[macro_export]
macro_rules! identity_cases {
    ($make:path) => {
        $crate::contract_cases! {
            $make;
            keys {
                a_key_reads_back_as_it_was_created,
                a_key_id_is_taken_once,
                a_tenant_has_no_more_keys_than_it_may,
                a_key_is_revoked_once_and_for_good,
                keys_are_listed_newest_first_in_pages,
                no_tenant_sees_or_revokes_anothers_keys,
                the_last_use_of_a_key_is_noted_in_batches,
                ended_keys_are_forgotten_after_a_time,
            }
            admin_keys {
                a_store_begins_with_one_admin_key,
                an_admin_key_that_was_revoked_is_not_made_again,
                another_admin_key_takes_the_place_of_the_one_before,
                another_secret_under_the_same_id_is_refused,
            }
            revocations {
                a_node_learns_what_was_revoked_since_it_looked,
                a_node_that_comes_too_late_is_told_so,
                a_node_that_saw_a_later_store_is_told_so,
            }
            audit {
                an_audit_record_is_sealed_over_its_place_and_the_seal_before,
                appends_side_by_side_make_one_chain,
                each_tenant_has_a_chain_of_its_own,
                a_chain_is_read_in_order_from_any_place,
                audit_records_are_found_newest_first_by_actor_action_and_time,
            }
            audit_with {
                changes_of_keys_are_written_with_their_audit_records,
                changes_of_users_are_written_with_their_audit_records,
                changes_of_sessions_are_written_with_their_audit_records,
            }
            users {
                a_user_reads_back_as_it_was_created,
                an_address_belongs_to_one_user_of_all_tenants,
                two_who_want_one_address_at_once_do_not_both_get_it,
                a_tenant_has_no_more_users_than_it_may,
                users_are_listed_newest_first_in_pages,
                a_change_of_a_user_is_the_next_version,
                no_tenant_sees_or_changes_anothers_users,
                what_a_login_rested_on_ends_its_sessions,
                a_deleted_user_is_gone_with_all_sessions,
            }
            logins {
                attempts_without_success_are_stopped_ever_longer,
                guesses_side_by_side_are_all_counted,
                a_login_forgets_the_attempts_before_it,
                another_password_forgets_attempts_and_lock,
            }
            sessions {
                a_session_reads_back_as_it_was_begun,
                a_session_begins_only_for_an_unchanged_active_user,
                ids_and_tokens_of_sessions_are_taken_once,
                the_oldest_sessions_give_way,
                a_session_is_revoked_once,
                all_sessions_of_a_user_are_revoked_at_once,
                sessions_are_forgotten_when_their_time_is_over,
            }
            rotations {
                a_rotation_spends_a_token_and_brings_in_the_next,
                a_spent_token_ends_its_family,
                of_two_rotations_at_once_one_spends_the_token,
                the_same_rotation_again_is_no_reuse_until_its_token_is_spent,
                a_token_expires_and_its_session_at_the_latest,
                a_session_is_rotated_so_often_and_not_more,
            }
            requests {
                a_request_that_was_done_replays_its_answer,
                of_two_requests_at_once_one_begins,
                another_request_under_the_key_differs,
                an_answer_that_is_withheld_is_not_replayed,
                a_released_request_may_be_another_one,
                a_request_whose_node_died_can_be_begun_again,
                a_slow_request_that_nobody_began_again_ends_as_others,
                a_request_key_counts_until_its_time_is_over,
                a_request_key_is_its_tenants_own,
                requests_are_forgotten_when_their_time_is_over,
            }
            tickets {
                a_ticket_counts_for_its_run_until_it_expires,
                a_ticket_needs_a_run_of_the_tenant,
                tickets_are_forgotten_when_they_have_expired,
            }
        }
    };
}
