#pragma once

/// Limits peers to descriptors below this number; 0 means no limit.
///
/// libzmq 4.3 has no limit on connections and aborts the process when accept runs out of descriptors
/// (zeromq/libzmq#1306). This library therefore replaces `accept` and `accept4` in the whole process: a connection that
/// would get a descriptor at or above the limit, or none at all, is closed at once, and the caller sees ECONNABORTED,
/// as when a peer hangs up.
void connections_set_limit(int descriptor);

/// Connections closed for lack of descriptors since the process started.
unsigned long connections_refused(void);
