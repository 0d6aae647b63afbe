//! The table of rejections that any HTTP service may make.

crate::problem_kinds! {
    BAD_REQUEST = "bad-request", BAD_REQUEST, "Bad request",
        "The request cannot be understood.",
        "A header, a parameter or the body has a form that the server cannot read. Correct what `errors` or `detail` name; the same request will fail again.",
        ["errors": "What is wrong, each with a JSON Pointer."];
    MALFORMED_JSON = "malformed-json", BAD_REQUEST, "Malformed JSON",
        "The body is not valid JSON.",
        "The body ends too early, is nested too deeply (more than 128 levels), is not UTF-8, or breaks JSON's grammar. `errors` says at which line and column.",
        ["errors": "Where the text breaks off, with line and column in `message`."];
    UNAUTHENTICATED = "unauthenticated", UNAUTHORIZED, "Authentication needed",
        "The request has no valid credentials.",
        "Send an API key or a token: `Authorization: Bearer …` or `X-API-Key: …`. A key may have expired or been revoked.";
    INSUFFICIENT_SCOPE = "insufficient-scope", FORBIDDEN, "Insufficient scope",
        "The credentials do not allow this.",
        "The credentials are valid but lack the scope in `required_scope`. Use a key that has it.",
        ["required_scope": "The scope that the operation needs."];
    ORIGIN_NOT_ALLOWED = "origin-not-allowed", FORBIDDEN, "Origin not allowed",
        "Pages of that origin may not call this server.",
        "A browser sent the request for a page of another origin. Only the server's own pages may call it.";
    HTTPS_REQUIRED = "https-required", FORBIDDEN, "HTTPS required",
        "This endpoint is served over HTTPS only.",
        "The request came over plain HTTP. Endpoints of the API never redirect, so that credentials are not sent in the clear twice. Use https://.";
    NOT_FOUND = "not-found", NOT_FOUND, "Not found",
        "There is nothing at this address.",
        "The path is unknown, or nothing of that id or name exists (or is visible to you). An id of another kind is not found either.";
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, "Method not allowed",
        "This address does not support that method.",
        "The `Allow` header lists the methods that this address supports.";
    NOT_ACCEPTABLE = "not-acceptable", NOT_ACCEPTABLE, "Not acceptable",
        "No representation fits the Accept header.",
        "The `Accept` header excludes every form in which this address can be answered. Leave it out or send `*/*`.";
    REQUEST_TIMEOUT = "request-timeout", REQUEST_TIMEOUT, "Request timed out",
        "The request was not finished within its deadline.",
        "The request took longer than the server's deadline allows. A change may or may not have happened: repeat it with the same `Idempotency-Key`, or look.";
    CONFLICT = "conflict", CONFLICT, "Conflict",
        "The current state does not allow this.",
        "Something is in a state that forbids the operation, or a name is taken. Read it again and decide anew.";
    IDEMPOTENCY_KEY_IN_USE = "idempotency-key-in-use", CONFLICT, "Idempotency key in use",
        "A request with this Idempotency-Key is still being processed.",
        "The first request with this key has not been answered yet. Wait a little, then repeat it unchanged.";
    PRECONDITION_FAILED = "precondition-failed", PRECONDITION_FAILED, "Precondition failed",
        "The resource was changed by somebody else.",
        "`If-Match` names another version than the current one. Read the resource again and apply the change to what it is now.";
    PAYLOAD_TOO_LARGE = "payload-too-large", PAYLOAD_TOO_LARGE, "Payload too large",
        "The body is larger than the server accepts.",
        "The body exceeds `limit_bytes`. Send less, or raise `REQUEST_BODY_MAX_BYTES`.",
        ["limit_bytes": "The largest body that is accepted, in bytes."];
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type",
        "The body's Content-Type is missing or not supported here.",
        "Send the body as one of the media types that the API description names for this operation, with the matching `Content-Type`.";
    HOST_NOT_ALLOWED = "host-not-allowed", MISDIRECTED_REQUEST, "Host not allowed",
        "This server does not answer for that host.",
        "The `Host` header names a host that this server was not set up for. Call it by one of its own names.";
    VALIDATION_ERROR = "validation-error", UNPROCESSABLE_ENTITY, "Validation failed",
        "The request is well-formed but its content is not acceptable.",
        "`errors` lists everything that is wrong, each with a JSON Pointer into the body (or the name of the parameter).",
        ["errors": "What is wrong, each with a JSON Pointer, the field's name, a message and a code."];
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "Idempotency key reused",
        "This Idempotency-Key was used with another request.",
        "A key stands for one request. Use a new key for another body.",
        ["errors": "What is wrong, if more is known."];
    RATE_LIMIT_EXCEEDED = "rate-limit-exceeded", TOO_MANY_REQUESTS, "Rate limit exceeded",
        "Too many requests.",
        "The limit in `policy` is used up. Wait for `Retry-After` seconds.",
        [
            "limit": "Requests allowed in the policy's window.",
            "remaining": "Requests left.",
            "retry_after": "Seconds to wait.",
            "policy": "The name of the policy.",
        ];
    INTERNAL_ERROR = "internal-error", INTERNAL_SERVER_ERROR, "Internal error",
        "The server failed to process the request.",
        "A defect or a broken dependency. The operator finds the cause in the log under `request_id`.";
    SERVICE_UNAVAILABLE = "service-unavailable", SERVICE_UNAVAILABLE, "Service unavailable",
        "The server cannot do this now.",
        "A dependency is down, or the server is starting or stopping. Repeat the request later; `Retry-After` says when, where it is known.",
        ["dependency": "What is not available, where that is known."];
    CIRCUIT_OPEN = "circuit-open", SERVICE_UNAVAILABLE, "Circuit open",
        "A dependency keeps failing and is given time to recover.",
        "The circuit breaker of `dependency` is open. Wait for `Retry-After` seconds.",
        ["dependency": "Whose breaker is open."];
    OVERLOADED = "overloaded", SERVICE_UNAVAILABLE, "Overloaded",
        "The server has more work than it can take.",
        "Queues are full. Nothing was changed; repeat the request after `Retry-After` seconds.",
        ["dependency": "What is overloaded, where that is known."];
}
