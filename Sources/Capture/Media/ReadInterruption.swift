internal import CFFmpeg

/// Ends current and future reads of a file or stream from another thread: a stopping daemon cannot wait until a silent
/// camera counts as stalled.
///
/// `@unchecked Sendable`: the flag behind the pointer is atomic.
@safe package final class ReadInterruption: @unchecked Sendable, Equatable {
  /// `nil` only if memory ran out; then nothing is interrupted.
  let handle: OpaquePointer?

  package init() { unsafe handle = cffmpeg_make_interruption() }

  deinit { unsafe cffmpeg_free_interruption(handle) }

  /// Makes opening and reading fail as if they had timed out.
  package func interrupt() {
    if let handle = unsafe handle { unsafe cffmpeg_interrupt(handle) }
  }

  package static func == (one: ReadInterruption, other: ReadInterruption) -> Bool { one === other }
}
