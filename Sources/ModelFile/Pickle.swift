import Foundation

/// A value that a checkpoint's pickle may hold.
indirect enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case text(String)
  case tuple([PickleValue])
  case list(PickleList)
  case dictionary(PickleDictionary)
  case global(String)
  /// A storage by key, with its element type and count.
  case storage(PickleStorage)
  case tensor(PickleTensor)
}

/// Lists and dictionaries are filled after they were put on the stack, so they are shared objects.
final class PickleList {
  var items: [PickleValue] = []
}

final class PickleDictionary {
  var items: [(key: PickleValue, value: PickleValue)] = []
}

struct PickleStorage: Hashable {
  var key: String
  var type: ElementType
  /// Number of elements the pickle claims.
  var count: Int
}

struct PickleTensor: Hashable {
  var storage: PickleStorage
  var offset: Int
  var shape: [Int]
  var strides: [Int]
}

/// Reads the few kinds of pickle that PyTorch writes state dictionaries with. Nothing is imported, called or executed.
///
/// The machine knows 40 opcodes and a closed list of globals; whatever else a file asks for is refused by name and
/// position. Work and memory are bounded by the file's length.
struct PickleReader {
  /// Names the pickle may mention and what they stand for.
  private static let globals: Set<String> = [
    "collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_parameter", "torch.storage._load_from_bytes", "torch.Size", "__builtin__.set",
    "builtins.set",
  ]
  private static let storages: [String: ElementType] = [
    "torch.FloatStorage": .float32, "torch.DoubleStorage": .float64, "torch.HalfStorage": .float16,
    "torch.BFloat16Storage": .bfloat16, "torch.LongStorage": .int64, "torch.IntStorage": .int32,
    "torch.ByteStorage": .uint8, "torch.BoolStorage": .bool,
  ]
  private static let deepest = 64

  private let bytes: Data
  private let path: String
  private var position: Int
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  /// - Parameters:
  ///   - bytes: contains the pickle from `position` on.
  ///   - position: offset of its first opcode.
  ///   - path: the file's name in messages.
  private init(_ bytes: Data, at position: Int, path: String) {
    self.bytes = bytes
    self.position = position
    self.path = path
  }

  /// Reads one pickle.
  ///
  /// - Returns: its value and the offset behind its end.
  static func read(_ bytes: Data, at position: Int = 0, path: String) throws(ModelFileError) -> (
    value: PickleValue, end: Int
  ) {
    var reader = PickleReader(bytes, at: position, path: path)
    let value = try reader.run()
    return (value, reader.position)
  }

  private mutating func run() throws(ModelFileError) -> PickleValue {
    while true {
      let opcodePosition = position
      let opcode: UInt8 = try number()
      if opcode == UInt8(ascii: ".") { return try pop() }
      try step(opcode, opcodePosition)
    }
  }

  private mutating func step(_ opcode: UInt8, _ opcodePosition: Int) throws(ModelFileError) {
    switch opcode {
    case 0x80: _ = try number() as UInt8  // PROTO
    case 0x95: _ = try number() as UInt64  // FRAME
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popMark()
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "J"): stack.append(.integer(Int(Int32(bitPattern: try number()))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try number() as UInt8)))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try number() as UInt16)))
    case 0x8a: stack.append(try long(count: Int(try number() as UInt8)))
    case 0x8b: stack.append(try long(count: Int(try number() as UInt32)))
    case UInt8(ascii: "G"): stack.append(.real(Double(bitPattern: (try number() as UInt64).byteSwapped)))
    case UInt8(ascii: "I"), UInt8(ascii: "L"): stack.append(try decimal())
    case UInt8(ascii: "X"): stack.append(.text(try text(count: Int(try number() as UInt32))))
    case 0x8c: stack.append(.text(try text(count: Int(try number() as UInt8))))
    case UInt8(ascii: "U"): stack.append(.text(try text(count: Int(try number() as UInt8))))
    case UInt8(ascii: "T"): stack.append(.text(try text(count: Int(try number() as UInt32))))
    case UInt8(ascii: ")"): stack.append(.tuple([]))
    case UInt8(ascii: "t"): stack.append(.tuple(try popMark()))
    case 0x85: stack.append(.tuple([try pop()]))
    case 0x86: try tuple(2)
    case 0x87: try tuple(3)
    case UInt8(ascii: "]"): stack.append(.list(PickleList()))
    case UInt8(ascii: "l"):
      let list = PickleList()
      list.items = try popMark()
      stack.append(.list(list))
    case UInt8(ascii: "a"): try append([pop()])
    case UInt8(ascii: "e"): try append(popMark())
    case UInt8(ascii: "}"): stack.append(.dictionary(PickleDictionary()))
    case UInt8(ascii: "d"):
      let items = try popMark()
      stack.append(.dictionary(PickleDictionary()))
      try setItems(items)
    case UInt8(ascii: "s"):
      let value = try pop()
      try setItems([pop(), value])
    case UInt8(ascii: "u"): try setItems(popMark())
    case UInt8(ascii: "q"): memo[Int(try number() as UInt8)] = try top()
    case UInt8(ascii: "r"): memo[Int(try number() as UInt32)] = try top()
    case UInt8(ascii: "p"): memo[try index()] = try top()
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "h"): stack.append(try recall(Int(try number() as UInt8)))
    case UInt8(ascii: "j"): stack.append(try recall(Int(try number() as UInt32)))
    case UInt8(ascii: "g"): stack.append(try recall(try index()))
    case UInt8(ascii: "c"):
      let module = try line()
      stack.append(try global(module + "." + line(), opcodePosition))
    case 0x93:
      guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
        throw malformed("a global has no name")
      }
      stack.append(try global(module + "." + name, opcodePosition))
    case UInt8(ascii: "R"): try reduce(opcodePosition)
    case UInt8(ascii: "b"): try build()
    case UInt8(ascii: "Q"): stack.append(try storage(pop()))
    default:
      throw refused(
        "opcode 0x\(String(opcode, radix: 16)) at byte \(opcodePosition) is not one of a state dictionary's")
    }
    guard stack.count <= bytes.count, marks.count <= Self.deepest * 16 else {
      throw malformed("its pickle nests without end")
    }
  }

  // MARK: what opcodes mean

  private func global(_ name: String, _ position: Int) throws(ModelFileError) -> PickleValue {
    guard Self.globals.contains(name) || Self.storages[name] != nil else {
      throw refused(
        "its pickle asks for \(name.prefix(200)) at byte \(position), which a state dictionary does not need; save the "
          + "weights alone with torch.save(model.state_dict(), path)")
    }
    return .global(name)
  }

  private mutating func reduce(_ position: Int) throws(ModelFileError) {
    guard case .tuple(let arguments) = try pop(), case .global(let name) = try pop() else {
      throw malformed("a call at byte \(position) has no function or no arguments")
    }
    switch name {
    case "collections.OrderedDict":
      guard arguments.isEmpty else { throw refused("an OrderedDict is made with arguments") }
      stack.append(.dictionary(PickleDictionary()))
    case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor": stack.append(try tensor(arguments))
    case "torch._utils._rebuild_parameter":
      guard let first = arguments.first, case .tensor = first else { throw malformed("a parameter holds no tensor") }
      stack.append(first)
    case "torch.Size":
      guard let first = arguments.first, case .tuple = first else { throw malformed("a size is no tuple") }
      stack.append(first)
    case "builtins.set", "__builtin__.set": stack.append(.list(PickleList()))
    default: throw refused("\(name) is called at byte \(position)")
    }
  }

  private func tensor(_ arguments: [PickleValue]) throws(ModelFileError) -> PickleValue {
    guard arguments.count >= 4, case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
      let shape = integers(arguments[2]), let strides = integers(arguments[3]), shape.count == strides.count,
      shape.count <= 16, offset >= 0, let count = elementCount(shape)
    else { throw malformed("a tensor's storage, shape or strides cannot be understood") }
    // The last element touched must lie in the storage, and a stride of 0 must not make much out of little.
    var last = offset
    for (size, stride) in zip(shape, strides) where count > 0 {
      guard stride >= 0, case let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride), !overflow,
        case let (sum, tooFar) = last.addingReportingOverflow(reach), !tooFar
      else { throw malformed("a tensor's strides reach past any memory") }
      last = sum
    }
    guard count == 0 || last < storage.count, count <= storage.count else {
      throw malformed("a tensor of shape \(shape) does not fit its storage of \(storage.count) values")
    }
    return .tensor(PickleTensor(storage: storage, offset: offset, shape: shape, strides: strides))
  }

  private func integers(_ value: PickleValue) -> [Int]? {
    let items: [PickleValue]
    switch value {
    case .tuple(let values): items = values
    case .list(let list): items = list.items
    default: return nil
    }
    let numbers = items.compactMap { if case .integer(let number) = $0 { number } else { nil } }
    return numbers.count == items.count ? numbers : nil
  }

  /// A persistent id: ("storage", type, key, device, count), with a view appended in the older format.
  private func storage(_ id: PickleValue) throws(ModelFileError) -> PickleValue {
    guard case .tuple(let parts) = id, parts.count >= 5, case .text("storage") = parts[0],
      case .global(let name) = parts[1], let type = Self.storages[name], case .text(let key) = parts[2],
      case .integer(let count) = parts[4], count >= 0
    else { throw refused("it refers to something outside that is not a tensor's storage") }
    var view = PickleValue.none
    if parts.count > 5 { view = parts[5] }
    guard case .none = view else { throw refused("a storage is a view of another; save it again with a newer PyTorch") }
    return .storage(PickleStorage(key: key, type: type, count: count))
  }

  private mutating func append(_ values: [PickleValue]) throws(ModelFileError) {
    guard case .list(let list) = try top() else { throw malformed("something is appended to what is no list") }
    list.items += values
  }

  private mutating func setItems(_ values: [PickleValue]) throws(ModelFileError) {
    guard values.count % 2 == 0, case .dictionary(let dictionary) = try top() else {
      throw malformed("entries are set in what is no dictionary")
    }
    for index in stride(from: 0, to: values.count, by: 2) {
      dictionary.items.append((values[index], values[index + 1]))
    }
  }

  /// State of an object: for the OrderedDict of a state dictionary its `_metadata`, which is not needed.
  private mutating func build() throws(ModelFileError) {
    _ = try pop()
    guard case .dictionary = try top() else {
      throw refused("an object other than a state dictionary is given a state")
    }
  }

  // MARK: reading

  private mutating func number<Value: FixedWidthInteger>() throws(ModelFileError) -> Value {
    guard let value = bytes.integer(Value.self, at: position) else { throw malformed("its pickle is cut off") }
    position += Value.bitWidth / 8
    return value
  }

  private mutating func text(count: Int) throws(ModelFileError) -> String {
    guard let part = bytes.part(position, count) else { throw malformed("its pickle is cut off") }
    position += count
    return String(decoding: part, as: UTF8.self)
  }

  private mutating func line() throws(ModelFileError) -> String {
    let rest = bytes[(bytes.startIndex + position)...].prefix(1024)
    guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw malformed("a line of its pickle has no end") }
    defer { position = end - bytes.startIndex + 1 }
    return String(decoding: rest[..<end], as: UTF8.self)
  }

  private mutating func index() throws(ModelFileError) -> Int {
    guard let index = Int(try line()) else { throw malformed("a memo index is no number") }
    return index
  }

  private mutating func decimal() throws(ModelFileError) -> PickleValue {
    let text = try line()
    // Protocol 0 writes booleans so.
    if text == "00" || text == "01" { return .bool(text == "01") }
    guard let value = Int(text.last == "L" ? text.dropLast() : text[...]) else {
      throw malformed("\(text.prefix(32)) is not a number it may hold")
    }
    return .integer(value)
  }

  private mutating func long(count: Int) throws(ModelFileError) -> PickleValue {
    guard let part = bytes.part(position, count) else { throw malformed("its pickle is cut off") }
    position += count
    // The magic number of the older format is the only one longer than an Int; its first eight bytes tell it well enough.
    guard let sign = part.last else { return .integer(0) }
    guard count <= 8 || count == 10 else { throw malformed("it holds a number of \(count) bytes") }
    var value: Int = sign & 0x80 != 0 && count < 8 ? -1 : 0
    for byte in part.prefix(8).reversed() { value = value << 8 | Int(byte) }
    return .integer(value)
  }

  private mutating func pop() throws(ModelFileError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw malformed("its pickle takes more than it has")
    }
    return value
  }

  private func top() throws(ModelFileError) -> PickleValue {
    guard let value = stack.last else { throw malformed("its pickle takes more than it has") }
    return value
  }

  private mutating func popMark() throws(ModelFileError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw malformed("its pickle closes what was not opened") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func tuple(_ count: Int) throws(ModelFileError) {
    var values: [PickleValue] = []
    for _ in 0..<count { values.append(try pop()) }
    stack.append(.tuple(values.reversed()))
  }

  private func recall(_ index: Int) throws(ModelFileError) -> PickleValue {
    guard let value = memo[index] else { throw malformed("its pickle recalls what it never noted") }
    return value
  }

  private func malformed(_ reason: String) -> ModelFileError { .malformed(path: path, reason: reason) }
  private func refused(_ reason: String) -> ModelFileError { .refusedPickle(path: path, reason: reason) }
}
