import Foundation

/// Runs blocking work on a new thread and waits for it without blocking the shared pool.
///
/// The pool has one thread per core; capture and inference would starve everything else on it.
///
/// - Parameters:
///   - name: shown by `top -H` and debuggers; the kernel keeps 15 characters.
///   - body: the work, from start to end.
/// - Returns: what the work returns.
/// - Throws: what the work throws.
func onOwnThread<Success: Sendable>(named name: String, _ body: @escaping @Sendable () throws -> Success) async throws
  -> Success
{
  try await withCheckedThrowingContinuation { continuation in
    let thread = Thread { continuation.resume(with: Result(catching: body)) }
    thread.name = name
    thread.stackSize = 4 << 20
    thread.start()
  }
}
