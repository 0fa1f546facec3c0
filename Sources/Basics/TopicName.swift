/// A label as part of a topic: lower-case letters and digits, with `_` for everything between.
package func topicName(_ label: String) -> String {
  label.lowercased().unicodeScalars.split { !("a"..."z").contains($0) && !("0"..."9").contains($0) }
    .map(String.init).joined(separator: "_")
}
