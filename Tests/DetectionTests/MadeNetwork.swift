import Foundation

/// Writes small ONNX files shaped like a detector, with a constant output for any picture.
struct MadeNetwork {
  var side = 32
  var channels = 3
  /// Rows of the output, each with box, objectness and classes.
  var rows: [[Float]]

  /// A YOLOX output for a 32x32 input: 16, 4 and 1 cells.
  init(_ edit: (inout [[Float]]) -> Void = { _ in }) {
    rows = [[Float]](repeating: [0, 0, 0, 0, 0, 0], count: 21)
    edit(&rows)
  }

  var bytes: [UInt8] {
    // One step over the whole picture with zero weights: the bias is the output, whatever is seen.
    let columns = rows.first?.count ?? 0
    let count = rows.count * columns
    let nodes = [
      node(
        "Conv", ["images", "weights", "values"], "flat",
        ints("kernel_shape", [1, 1]) + ints("strides", [UInt64(side), UInt64(side)])),
      node("Reshape", ["flat", "shape"], "output"),
    ]
    let graph =
      nodes.flatMap { field(1, $0) } + field(2, text("made"))
      + field(5, tensor("weights", [count, channels, 1, 1], floats: Array(repeating: 0, count: count * channels)))
      + field(5, tensor("values", [count], floats: rows.flatMap { $0 }))
      + field(5, tensor("shape", [3], integers: [1, Int64(rows.count), Int64(columns)]))
      + field(11, value("images", [1, channels, side, side])) + field(12, value("output", [1, rows.count, columns]))
    return number(1, 8) + field(8, field(1, []) + number(2, 11)) + field(7, graph)
  }

  private func node(_ kind: String, _ inputs: [String], _ output: String, _ attributes: [UInt8] = []) -> [UInt8] {
    inputs.flatMap { field(1, text($0)) } + field(2, text(output)) + field(3, text(output)) + field(4, text(kind))
      + attributes
  }

  private func ints(_ name: String, _ values: [UInt64]) -> [UInt8] {
    field(5, field(1, text(name)) + values.flatMap { number(8, $0) } + number(20, 7))
  }

  private func tensor(_ name: String, _ shape: [Int], floats: [Float]) -> [UInt8] {
    let raw = floats.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    return shape.flatMap { number(1, UInt64($0)) } + number(2, 1) + field(8, text(name)) + field(9, raw)
  }

  private func tensor(_ name: String, _ shape: [Int], integers: [Int64]) -> [UInt8] {
    let raw = integers.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    return shape.flatMap { number(1, UInt64($0)) } + number(2, 7) + field(8, text(name)) + field(9, raw)
  }

  private func value(_ name: String, _ shape: [Int]) -> [UInt8] {
    let sides = shape.flatMap { field(1, number(1, UInt64($0))) }
    return field(1, text(name)) + field(2, field(1, number(1, 1) + field(2, sides)))
  }

  private func text(_ text: String) -> [UInt8] { Array(text.utf8) }
  private func number(_ field: UInt64, _ value: UInt64) -> [UInt8] { varint(field << 3) + varint(value) }
  private func field(_ field: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }

  private func varint(_ value: UInt64) -> [UInt8] {
    var (bytes, rest) = ([UInt8](), value)
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
