/// A password that cannot be printed: interpolation, `dump`, errors and logs show `…`.
package struct Secret: Hashable, Sendable {
  /// The full text; never use it in messages.
  package let revealed: String

  package init(_ revealed: String) { self.revealed = revealed }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "…" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
