import Foundation

/// JSON texts with a fixed key order.
enum JSONText {
  static func of(_ value: some Encodable, inSnakeCase: Bool = false) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if inSnakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      preconditionFailure("our own values can always be encoded: \(error)")
    }
  }

  /// An object with `event_type` first, as Home Assistant's event entities require.
  ///
  /// - Returns: `nil` if the text is not an object with a `type`.
  static func event(_ json: Data) -> String? {
    struct Kind: Decodable { var type: String }
    let type: String
    do { type = try JSONDecoder().decode(Kind.self, from: json).type } catch { return nil }
    let text = String(decoding: json, as: UTF8.self).drop { $0.isWhitespace }
    return #"{"event_type":\#(of(type)),"# + text.dropFirst()
  }
}
