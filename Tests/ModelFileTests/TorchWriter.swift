import Foundation

@testable import ModelFile

/// A tensor for a test's checkpoint.
struct WrittenTensor {
  var name: String
  var shape: [Int]
  var values: [Float]
  var type = ElementType.float32

  var strides: [Int] {
    var step = 1
    return shape.reversed().map { size in
      defer { step *= size }
      return step
    }.reversed()
  }
}

/// Writes pickles as CPython does, with a memo as in PyTorch's files.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [0x80, 2]
  private var memoized = 0
  private var memo: [String: Int] = [:]

  mutating func raw(_ opcodes: UInt8...) { bytes += opcodes }

  mutating func op(_ opcode: Unicode.Scalar) { bytes.append(UInt8(ascii: opcode)) }

  mutating func put() {
    if memoized < 256 { raw(UInt8(ascii: "q"), UInt8(memoized)) } else { long("r", memoized) }
    memoized += 1
  }

  private mutating func long(_ opcode: Unicode.Scalar, _ value: Int) {
    op(opcode)
    bytes += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// A string or global: in full the first time, later from the memo.
  private mutating func once(_ key: String, _ write: (inout Self) -> Void) {
    if let index = memo[key] {
      if index < 256 { raw(UInt8(ascii: "h"), UInt8(index)) } else { long("j", index) }
    } else {
      memo[key] = memoized
      write(&self)
      put()
    }
  }

  mutating func text(_ text: String) {
    once("text " + text) { writer in
      writer.long("X", text.utf8.count)
      writer.bytes += Array(text.utf8)
    }
  }

  mutating func global(_ module: String, _ name: String) {
    once("global \(module).\(name)") { $0.bytes += Array("c\(module)\n\(name)\n".utf8) }
  }

  mutating func integer(_ value: Int) {
    switch value {
    case 0..<256: raw(UInt8(ascii: "K"), UInt8(value))
    case 256..<65536: raw(UInt8(ascii: "M"), UInt8(value & 0xff), UInt8(value >> 8))
    default: long("J", value)
    }
  }

  mutating func data(_ content: Data) {
    long("B", content.count)
    bytes += content
  }

  mutating func tuple(_ values: [Int]) {
    guard !values.isEmpty else { return op(")") }
    if values.count > 3 { op("(") }
    for value in values { integer(value) }
    if values.count > 3 { op("t") } else { raw(0x84 + UInt8(values.count)) }
    put()
  }

  mutating func orderedDictionary() {
    global("collections", "OrderedDict")
    op(")")
    op("R")
  }

  mutating func stateDictionary(_ tensors: [WrittenTensor], keys: [String], legacy: Bool) {
    orderedDictionary()
    put()
    op("(")
    for (tensor, key) in zip(tensors, keys) {
      text(tensor.name)
      self.tensor(tensor, key: key, legacy: legacy)
    }
    op("u")
  }

  private mutating func tensor(_ tensor: WrittenTensor, key: String, legacy: Bool) {
    global("torch._utils", "_rebuild_tensor_v2")
    op("(")
    op("(")
    text("storage")
    global("torch", Self.storages[tensor.type] ?? "FloatStorage")
    text(key)
    text("cpu")
    integer(tensor.values.count)
    if legacy { op("N") }
    op("t")
    put()
    op("Q")
    integer(0)
    tuple(tensor.shape)
    tuple(tensor.strides)
    raw(0x89)
    orderedDictionary()
    put()
    op("t")
    put()
    op("R")
    put()
  }

  private static let storages: [ElementType: String] = [
    .float32: "FloatStorage", .float64: "DoubleStorage", .float16: "HalfStorage", .bfloat16: "BFloat16Storage",
  ]
}

/// Writes checkpoints as `torch.save` does, in both formats.
enum TorchWriter {
  /// The pickle in a zip checkpoint.
  static func pickle(_ tensors: [WrittenTensor]) -> [UInt8] {
    var pickle = PickleWriter()
    pickle.stateDictionary(tensors, keys: tensors.indices.map(String.init), legacy: false)
    pickle.op(".")
    return pickle.bytes
  }

  static func zip(_ tensors: [WrittenTensor]) -> Data {
    var files: [(String, Data)] = [
      ("weights/data.pkl", Data(pickle(tensors))), ("weights/byteorder", Data("little".utf8)),
    ]
    for (index, tensor) in tensors.enumerated() {
      files.append(("weights/data/\(index)", tensor.type.bytes(tensor.values)))
    }
    return archive(files)
  }

  /// A zip archive of stored files.
  static func archive(_ files: [(name: String, content: Data)], method: UInt16 = 0) -> Data {
    var data = Data()
    var directory = Data()
    for (name, content) in files {
      let offset = data.count
      let common =
        little(UInt16(0)) + little(method) + Data(count: 8) + little(UInt32(content.count))
        + little(UInt32(content.count)) + little(UInt16(name.utf8.count)) + little(UInt16(0))
      data += little(UInt32(0x0403_4b50)) + little(UInt16(0)) + common + Data(name.utf8) + content
      directory +=
        little(UInt32(0x0201_4b50)) + little(UInt32(0)) + common + Data(count: 10) + little(UInt32(offset))
        + Data(name.utf8)
    }
    let begin = data.count
    data += directory
    data += little(UInt32(0x0605_4b50)) + Data(count: 4) + little(UInt16(files.count)) + little(UInt16(files.count))
    data += little(UInt32(directory.count)) + little(UInt32(begin)) + little(UInt16(0))
    return data
  }

  static func legacy(_ tensors: [WrittenTensor]) -> Data {
    let keys = tensors.indices.map { "9387\($0)" }
    var data = Data([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e])
    var version = PickleWriter()
    version.integer(1001)
    version.op(".")
    var system = PickleWriter()
    system.op("}")
    system.put()
    system.text("little_endian")
    system.raw(0x88)
    system.op("s")
    system.op(".")
    var object = PickleWriter()
    object.stateDictionary(tensors, keys: keys, legacy: true)
    object.op(".")
    var list = PickleWriter()
    list.op("]")
    list.put()
    list.op("(")
    for key in keys { list.text(key) }
    list.op("e")
    list.op(".")
    for pickle in [version, system, object, list] { data += Data(pickle.bytes) }
    for tensor in tensors { data += little(Int64(tensor.values.count)) + tensor.type.bytes(tensor.values) }
    return data
  }

  static func little<Value: FixedWidthInteger>(_ value: Value) -> Data {
    Data((0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Value($0 * 8)) })
  }
}
