#pragma once

/// Peers may take descriptors below this number; 0 lets them take all.
///
/// libzmq 4.3 has no limit on connections and aborts the process when accept finds no descriptor left
/// (zeromq/libzmq#1306). This library therefore stands in for `accept` and `accept4` in the whole process: a connection
/// that would take a descriptor from the limit on, or finds none, is closed at once, and the caller is told ECONNABORTED, as
/// when a peer hangs up by itself.
void connections_set_limit(int descriptor);

/// Connections closed for want of descriptors since the process started.
unsigned long connections_refused(void);
