//! The kinds of rejection that this service adds to the general ones.

use seawall_guard::problem::{Catalog, kinds};

/// Everything that this server can answer with.
pub static CATALOG: Catalog = Catalog::new(&[kinds::TABLE, TABLE]);

seawall_guard::problem_kinds! {
    WORKFLOW_INVALID = "workflow-invalid", BAD_REQUEST, "Workflow not valid",
        "The definition is not valid.",
        "`errors` lists everything that is wrong with the definition, each with a JSON Pointer. The schema of definitions is at /api/v1/schemas/workflow; POST /api/v1/workflows/validate checks one without keeping it.",
        ["errors": "What is wrong, each with a JSON Pointer into the definition."];
    TOO_MANY_SCHEDULES = "too-many-schedules", CONFLICT, "Too many schedules",
        "There are as many schedules as there may be.",
        "A tenant has at most 10,000 schedules, paused ones included. Delete one that is not needed, or let one schedule do the work of several.",
        ["limit": "The most that there may be."];
    NOT_A_DECIDER = "not-a-decider", FORBIDDEN, "Not a decider",
        "Others are asked for this decision.",
        "The approval names who may decide (`deciders`), by the names under which principals are known (`usr_…`, `key_…`, `oidc:SUBJECT`), and the caller is none of them. `GET /api/v1/approvals` shows whom it asks.";
    AGENT_TIMEOUT = "agent-timeout", REQUEST_TIMEOUT, "Agent timed out",
        "The agent did not finish within its deadline.",
        "The agent was stopped at its deadline. What it had done until then is in its conversation.";
    WORKSPACE_NOT_ALLOWED = "workspace-not-allowed", BAD_REQUEST, "Workspace not allowed",
        "That folder is outside the allowed workspaces.",
        "Only folders under `WORKSPACE_ALLOWED_ROOTS` may be worked in.",
        ["errors": "What is wrong, each with a JSON Pointer."];
    WORKSPACE_NOT_FOUND = "workspace-not-found", NOT_FOUND, "Workspace not found",
        "That folder does not exist.",
        "The workspace is allowed but there is no such folder on the server.";
    NO_LLM_CONFIGURED = "no-llm-configured", SERVICE_UNAVAILABLE, "No LLM configured",
        "No language model is configured.",
        "Set `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `LOCAL_LLM_URL` and restart.",
        ["dependency": "What is not configured."];
}
