/// A label as part of a topic: lower-case letters and digits, with `_` for everything between.
package func topicName(_ label: String) -> String {
  label.lowercased().unicodeScalars.split { !("a"..."z").contains($0) && !("0"..."9").contains($0) }
    .map(String.init).joined(separator: "_")
}

/// True for names that may appear in a topic.
///
/// They appear unescaped in terminals and JSON, so untrusted ones must not contain other characters.
package func isIdentifier(_ text: some StringProtocol) -> Bool {
  (1...64).contains(text.utf8.count)
    && text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
}
