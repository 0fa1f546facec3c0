import Foundation

/// A value that may have another type in some places, for example where a detector found nobody or a number was NaN.
struct Lenient<Value: Decodable>: Decodable {
  var value: Value?

  init(from decoder: any Decoder) {
    do { value = try Value(from: decoder) } catch { value = nil }  // The reader of the frame counts it.
  }
}

/// JSON with `null` in place of `NaN` and `Infinity`, which Python writes but JSON does not allow.
///
/// JSON5, which allows them, is not an option: Foundation's JSON5 decoder crashes on some damaged files.
func withoutNaN(_ json: Data) -> Data {
  let words: [[UInt8]] = [Array("NaN".utf8), Array("Infinity".utf8)]
  guard words.contains(where: { json.firstRange(of: $0) != nil }) else { return json }
  let bytes = [UInt8](json)
  var result: [UInt8] = []
  result.reserveCapacity(bytes.count)
  var isText = false
  var position = 0
  while position < bytes.count {
    let byte = bytes[position]
    if !isText, byte == UInt8(ascii: "N") || byte == UInt8(ascii: "I"),
      let word = words.first(where: { bytes[position...].starts(with: $0) })
    {
      if result.last == UInt8(ascii: "-") { result.removeLast() }
      result += Array("null".utf8)
      position += word.count
      continue
    }
    result.append(byte)
    position += 1
    if isText, byte == UInt8(ascii: "\\"), position < bytes.count {
      result.append(bytes[position])
      position += 1
    } else if byte == UInt8(ascii: "\"") {
      isText.toggle()
    }
  }
  return Data(result)
}
