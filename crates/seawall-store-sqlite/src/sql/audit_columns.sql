SELECT a.seq, a.at, a.actor, a.action, a.object, a.outcome, a.request, a.details, a.previous, a.mac
FROM audit a
