import Synchronization

/// Texts that code under test reports, from any thread.
package final class Lines: Sendable {
  private let texts = Mutex<[String]>([])

  package init() {}

  package func take(_ text: String) { texts.withLock { $0.append(text) } }
  package var all: [String] { texts.withLock { $0 } }
}
