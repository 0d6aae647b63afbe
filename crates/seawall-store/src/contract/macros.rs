//! The list of all cases, as a macro that makes tests of them.

/// Makes one `#[tokio::test]` of each case of the contract suite. The argument is the path of an
/// `async fn() -> seawall_store::contract::Subject` that gives a fresh, empty store at each call.
///
/// ```
/// use std::sync::Arc;
/// use seawall_store::{ManualClock, MemoryStore, contract::Subject};
///
/// async fn subject() -> Subject {
///     let clock = ManualClock::default();
///     Subject::new(Arc::new(MemoryStore::new(Arc::new(clock.clone()))), clock, false)
/// }
/// seawall_store::contract_tests!(subject);
/// ```
#[macro_export]
macro_rules! contract_tests {
    ($make:path) => {
        $crate::contract_cases! {
            $make;
            workflows {
                a_workflow_reads_back_as_it_was_created,
                a_workflow_name_is_taken_once_in_each_tenant,
                a_workflow_id_is_taken_once,
                an_update_makes_the_next_version_and_keeps_the_old_one,
                an_update_with_the_same_digest_makes_no_version,
                another_expected_digest_refuses_update_and_delete,
                a_missing_workflow_is_not_found,
                a_deleted_workflow_frees_its_name_and_keeps_its_versions,
                an_inline_definition_is_kept_once_for_each_digest,
                an_inline_definition_has_neither_name_nor_further_versions,
            }
            workflow_lists {
                workflows_are_listed_newest_first_in_pages_that_stay_right,
                a_list_that_ends_with_the_page_has_no_cursor,
                versions_are_listed_newest_first,
            }
            runs {
                a_run_reads_back_as_it_was_created,
                a_run_born_held_is_at_epoch_one,
                a_run_that_is_born_ended_is_due_for_nobody,
                a_run_is_not_born_held_by_a_dead_node,
                a_run_id_is_taken_once,
                runs_are_listed_newest_first_in_pages_that_stay_right,
                runs_are_filtered_by_status_workflow_and_time,
                a_filtered_list_goes_on_over_rows_that_do_not_match,
                a_list_of_several_statuses_keeps_the_order_over_pages,
                first_segments_come_in_the_order_asked_for_in_bounds,
            }
            run_lists {
                the_runs_of_a_name_are_listed_whichever_workflows_had_it,
            }
            idempotency {
                a_key_replays_its_run_as_it_is_now,
                a_key_with_another_request_is_refused,
                a_key_counts_until_it_expires_and_outlives_its_run,
                a_key_of_a_run_that_lives_for_days_is_not_swept,
                a_key_is_its_tenants_own,
                a_refused_creation_leaves_its_key_free,
            }
            journal {
                a_journal_is_read_in_parts_of_about_as_many_bytes,
                a_journal_is_read_on_from_inside_a_segment,
                a_journal_has_nothing_after_its_end,
            }
            tenants {
                no_tenant_sees_anothers_workflows,
                no_tenant_sees_anothers_runs,
                no_tenant_sees_anothers_approvals,
            }
            inbox {
                a_message_key_counts_once_for_ever,
                a_status_that_is_not_allowed_refuses_the_message,
                a_message_makes_a_parked_run_due,
                a_message_leaves_what_is_due_at_once_as_it_is,
                a_message_leaves_a_held_run_held,
                unread_messages_come_oldest_first_up_to_the_limit,
                a_message_to_nobody_is_not_found,
            }
            append {
                an_append_writes_events_and_projection,
                an_append_without_events_changes_only_the_rest,
                a_stale_append_changes_nothing,
                a_repeated_append_is_success_and_changes_nothing,
                other_bytes_at_a_written_place_are_refused,
                a_repeat_after_the_lease_was_given_back_is_success,
                a_claim_fences_the_old_holder,
            }
            append_extras {
                a_run_consumes_its_own_messages_only,
                a_child_is_born_with_the_append_once,
                hold_and_idempotency_of_a_child_mean_nothing,
                a_message_to_another_run_arrives_once,
                a_message_to_a_run_the_tenant_does_not_have_is_dropped,
                who_writes_to_a_run_that_is_not_there_may_hear_so,
                a_message_from_a_run_wakes_a_parked_or_ended_one,
                a_child_gets_a_message_of_the_append_that_made_it,
                a_message_to_a_run_that_consumed_its_key_is_dropped,
                a_child_whose_id_another_tenant_has_is_left_as_it_is,
            }
            parking {
                a_run_parks_only_when_nothing_is_unread,
                a_run_parks_without_an_event,
                parked_runs_are_claimable_when_due_in_the_order_of_their_timers,
                a_run_parked_without_a_timer_waits_for_a_message,
                an_ended_run_is_given_back_and_a_retry_wakes_it,
                an_end_ignores_what_is_unread,
                a_released_run_is_due_when_it_says,
                a_run_released_with_an_unread_message_is_due_now,
                a_release_at_another_place_is_refused,
                a_run_that_waits_for_a_time_is_woken_before_it,
            }
            approvals {
                an_approval_opens_with_the_append,
                an_approval_is_settled_once,
                an_approval_is_settled_by_its_own_run_only,
                an_approval_may_open_and_settle_in_one_append,
                a_decision_waits_in_the_inbox,
                a_second_decision_is_refused,
                a_decision_may_not_reuse_a_message_key,
                a_decision_needs_its_approval_and_a_run_that_takes_it,
                approvals_are_listed_newest_first_by_status_and_run,
            }
            schedules {
                a_schedule_reads_back_as_it_was_created,
                a_tenant_has_no_more_schedules_than_it_may,
                schedules_are_listed_newest_first_in_pages,
                an_update_writes_the_next_revision_and_sets_the_cursor,
                a_deleted_schedule_is_gone_and_its_runs_stay,
                no_tenant_sees_or_changes_anothers_schedules,
                due_schedules_come_earliest_first_up_to_the_limit,
                a_schedule_that_is_due_twice_over_comes_once,
                a_change_of_schedules_is_told,
            }
            firings {
                a_firing_makes_its_run_and_moves_the_cursor,
                a_firing_that_somebody_else_made_changes_nothing,
                a_firing_before_the_last_run_has_ended_is_skipped,
                one_firing_waits_for_the_end_of_the_last_run,
                a_waiting_firing_and_a_new_one_keep_their_order,
                firings_that_may_overlap_all_make_runs,
                a_firing_whose_run_exists_leaves_it_as_it_is,
                a_failed_firing_is_remembered_until_one_succeeds,
            }
            nodes {
                an_identity_registers_once,
                a_node_lives_as_long_as_it_is_renewed,
                a_dead_node_is_never_renewed,
                a_claim_renews_the_node,
                burying_releases_the_runs_and_counts_a_death,
                an_expired_node_keeps_its_runs_until_it_is_buried,
                a_retired_node_gives_its_runs_back_without_a_death,
                a_new_identity_buries_the_others_where_the_store_is_exclusive,
            }
            claims {
                a_claim_takes_the_run_and_raises_its_epoch,
                a_claim_takes_at_most_so_many_the_earliest_first,
                a_node_is_told_what_it_holds,
                the_next_timer_is_the_earliest_of_an_unheld_run,
                a_holder_loads_the_whole_run,
            }
            clocks {
                what_is_due_at_once_is_so_after_the_clock_was_set_back,
                what_is_due_at_once_and_past_timers_take_turns,
                who_begins_changes_from_claim_to_claim,
                a_clock_that_is_set_ahead_costs_an_exclusive_node_nothing,
                a_dead_node_is_found_out_one_life_after_the_clock_was_set_back,
                a_rate_that_was_counted_from_a_later_clock_is_looked_at_again,
                a_rate_is_not_outrun_when_the_clock_was_set_back_by_a_moment,
                the_wait_of_a_debounced_run_begins_anew_when_the_clock_was_set_back,
                a_burst_lasts_no_longer_when_the_clock_was_set_back,
            }
            readers {
                a_run_is_claimed_only_by_who_can_read_it,
                what_a_node_cannot_read_keeps_nothing_else_waiting,
                a_run_keeps_the_latest_reader_that_an_append_named,
                an_append_that_is_refused_or_repeated_names_no_reader,
                a_child_is_born_with_the_reader_that_it_needs,
            }
            suspects {
                a_suspect_becomes_due_after_a_backoff,
                a_suspect_is_claimed_only_where_suspects_are_asked_for,
                a_claim_takes_as_many_suspects_as_are_asked_for_before_others,
                suspects_take_half_of_a_claim,
                a_grave_suspect_is_the_only_one_of_its_claim,
                a_grave_suspect_waits_until_it_is_asked_for,
                a_suspect_counts_towards_the_limit,
                a_held_run_comes_with_its_deaths_and_its_last_place,
                new_events_clear_a_suspect,
                events_that_keep_the_deaths_do_not_clear_a_suspect,
                giving_a_suspect_back_does_not_clear_it,
                a_new_message_ends_the_backoff,
            }
            offers {
                an_offered_task_reads_back_as_it_was_offered,
                a_task_is_offered_only_with_the_append_that_says_so,
                a_repeated_append_offers_once,
                an_unclaimed_task_is_gone_with_the_append_that_withdraws_it,
                a_run_that_withdraws_finds_the_message_before_it_parks,
                a_claimed_task_is_cancelled_and_its_lease_cut_short,
                a_withdrawal_never_prolongs_a_lease,
                a_run_withdraws_its_own_tasks_only,
                of_a_task_that_is_not_there_its_run_is_told_that_it_is_lost,
                a_task_may_be_offered_and_withdrawn_in_one_append,
                a_queue_has_room_until_so_many_tasks_or_bytes_wait,
                no_tenant_sees_or_takes_anothers_tasks,
                what_was_never_offered_is_not_found,
            }
            task_claims {
                a_claim_gives_all_that_the_attempt_needs,
                a_lease_ends_with_the_attempt_at_the_latest,
                two_claims_never_give_the_same_task,
                of_equals_the_one_offered_first_comes_first,
                priority_is_a_head_start_so_nothing_starves,
                a_claim_stops_before_it_is_too_large_but_gives_the_first,
                queues_are_apart_and_an_unknown_one_is_empty,
                a_queue_gives_out_as_many_as_its_concurrency_allows,
                a_key_at_its_limit_holds_nobody_else_back,
                the_claimed_tasks_of_a_key_are_counted,
                a_lower_limit_per_key_holds_from_the_next_claim_on,
                a_rate_lets_a_burst_through_and_then_one_after_the_other,
                only_a_rate_makes_a_task_claimable_by_itself,
                a_paused_queue_gives_nothing_out,
            }
            task_ends {
                an_end_settles_the_task_and_is_a_message_to_its_run,
                an_end_counts_whatever_the_runs_status_is,
                a_task_ends_once,
                a_settled_task_knows_who_said_its_end,
                a_stale_lease_ends_nothing,
                a_workers_word_counts_until_a_lapse_is_said_and_that_only_after_the_leases_end,
                a_heartbeat_prolongs_the_lease_and_keeps_the_progress,
                a_heartbeat_never_prolongs_beyond_the_deadline,
                leases_are_given_anew_a_few_at_a_time_and_each_once,
                a_lease_anew_lasts_no_longer_than_an_attempt_and_the_grace_of_a_withdrawn_task,
                a_deadline_moves_with_the_clock_and_never_ends_before_the_lease,
                lapses_are_told_the_longest_over_first_with_the_next_to_come,
            }
            queues {
                a_queue_is_there_with_its_first_task_or_settings,
                a_queue_counts_what_waits_and_what_is_claimed,
                queues_are_listed_by_name_in_pages_that_stay_right,
                settings_are_replaced_only_where_they_are_as_expected,
                workers_are_told_of_what_became_claimable,
                the_keeper_of_leases_is_told_of_an_earlier_end,
                the_holder_is_told_of_a_tasks_end,
            }
            watching {
                progress_is_told_once_it_is_durable,
                a_message_wakes_the_holder,
                a_child_is_told_of,
                work_is_told_when_a_run_becomes_claimable_or_a_timer_is_set,
            }
            flow {
                a_run_is_admitted_while_a_slot_is_free_and_waits_else,
                a_run_under_flow_control_is_never_born_held,
                a_waiting_run_is_due_at_its_deadline,
                every_end_frees_the_slot_once,
                the_queue_is_in_the_order_of_coming_and_priority,
                a_saturated_key_holds_nobody_else_back,
                a_waiting_run_sees_who_has_the_slots,
                lines_are_listed_in_pages,
                tenants_have_slots_of_their_own,
                the_numbers_of_the_highest_version_hold,
            }
            flow_model {
                never_more_than_the_slots_run_and_all_run_in_their_order,
            }
            flow_turns {
                a_run_that_must_not_wait_is_refused,
                a_child_that_must_not_wait_gets_a_message_and_no_slot,
                a_newer_run_makes_the_others_give_way,
                a_rate_admits_a_burst_and_then_evenly,
                a_debounced_run_gives_way_until_the_burst_is_over,
                a_retry_waits_for_a_slot_again,
                a_run_without_flow_control_is_not_asked,
            }
            flow_retries {
                a_retry_that_gives_way_can_be_asked_for_again,
                a_retry_that_nobody_has_read_can_be_asked_for_again,
                a_retry_that_nobody_has_read_takes_its_slot_again,
                a_retried_run_gives_way_to_the_same_one_again,
                a_retry_that_comes_before_the_run_is_given_back_keeps_its_slot,
                a_retry_that_comes_to_nothing_leaves_its_slot,
                a_retry_that_waits_can_be_withdrawn,
                a_withdrawn_retry_lets_the_next_one_begin,
                a_run_that_asks_by_itself_waits_for_a_slot_again,
                a_run_that_waits_and_asks_by_itself_again_keeps_its_place,
                a_run_that_asks_by_itself_gives_up_by_itself,
                a_run_that_asks_by_itself_and_must_not_wait_is_told_each_time,
                a_child_whose_retry_gives_way_is_told,
            }
            retention {
                a_forgotten_run_takes_everything_of_its_own_along,
                a_late_append_to_a_forgotten_run_is_stale,
                runs_that_ended_later_stay,
                a_sweep_goes_on_where_it_stopped,
                a_step_forgets_about_as_many_bytes,
                a_run_that_may_go_on_stays,
                a_run_whose_key_counts_stays,
                children_stay_with_their_parent_and_a_parent_with_live_children,
                a_run_is_forgotten_by_its_own_tenant_only,
                a_workflow_that_was_used_by_a_clock_that_stood_behind_stays_as_if_new,
                unused_workflows_leave_and_used_ones_stay,
            }
            discards {
                a_discarded_run_frees_all_that_it_has,
                a_discarded_run_makes_room_in_flow_control,
                a_discarded_child_tells_its_parent_instead_of_its_end,
                a_run_that_is_held_otherwise_is_not_discarded,
                a_run_with_a_live_child_is_not_discarded,
            }
            inspect {
                all_runs_of_all_tenants_are_streamed_in_the_order_of_their_creation,
                a_run_is_shown_with_all_its_parts,
                a_repair_writes_the_row_and_the_approvals,
                a_holder_that_was_declared_dead_is_seen,
            }
            inspect_places {
                a_run_is_shown_with_its_place_and_its_tasks,
                a_repair_takes_the_place_of_a_run_away,
                a_repaired_retry_asks_for_its_slot,
                a_repaired_run_that_takes_no_slot_anew_is_due,
                schedules_of_all_tenants_are_streamed_in_the_order_of_their_creation,
            }
            health {
                a_store_is_healthy_until_it_is_closed,
            }
        }
        $crate::identity_cases!($make);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($make:path; $($group:ident { $($case:ident,)+ })+) => {
        $($(
            #[tokio::test]
            async fn $case() {
                $crate::contract::$group::$case(&$make().await).await;
            }
        )+)+
    };
}
