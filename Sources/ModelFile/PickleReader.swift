import Foundation

/// Reads the few kinds of pickle that PyTorch and NumPy write weights with.
///
/// Nothing is imported, called or executed.
/// The opcodes and the globals form closed lists; whatever else a file asks for is refused by name and position. Work and
/// memory are bounded by the file's length, and besides by `mostOperations`.
///
/// - Source: the opcode descriptions in CPython's Lib/pickletools.py; methods.md 1.6.
struct PickleReader {
  /// A student's state dictionary takes some 10,000 operations, a whole training checkpoint a few times that.
  private static let mostOperations = 200_000
  private static let mostOpenMarks = 1000
  /// Longer than any name.
  private static let longestText = 1 << 16

  private let bytes: Data
  let path: String
  private(set) var position: Int
  var heap = PickleHeap()
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var copied = 0

  private init(_ bytes: Data, at position: Int, path: String) {
    self.bytes = bytes
    self.position = position
    self.path = path
  }

  /// Reads one pickle.
  ///
  /// - Parameters:
  ///   - bytes: contains the pickle from `position` on.
  ///   - position: offset of its first opcode.
  ///   - path: the file's name in messages.
  /// - Returns: its value, the objects the value refers to, and the offset behind its end.
  /// - Throws: `ModelFileError` naming what is refused or damaged, and where.
  static func read(_ bytes: Data, at position: Int = 0, path: String) throws(ModelFileError) -> (
    value: PickleValue, heap: PickleHeap, end: Int
  ) {
    var reader = PickleReader(bytes, at: position, path: path)
    let value = try reader.run()
    return (value, reader.heap, reader.position)
  }

  private mutating func run() throws(ModelFileError) -> PickleValue {
    for _ in 0..<Self.mostOperations {
      let opcodePosition = position
      let opcode: UInt8 = try number()
      if opcode == UInt8(ascii: ".") { return try pop() }
      try step(opcode, opcodePosition)
    }
    throw refused("its pickle has more than \(Self.mostOperations) operations; a state dictionary needs far fewer")
  }

  private mutating func step(_ opcode: UInt8, _ opcodePosition: Int) throws(ModelFileError) {
    switch opcode {
    case 0x80:
      let version: UInt8 = try number()
      guard version <= 5 else { throw refused("its pickle has protocol \(version); 0 to 5 are known") }
    case 0x95: _ = try number() as UInt64  // the length of a frame, which only helps who reads from a stream
    case UInt8(ascii: "("):
      guard marks.count < Self.mostOpenMarks else { throw refused("its pickle nests too deeply") }
      marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()
    case UInt8(ascii: "1"): _ = try popMark()
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "J"): stack.append(.integer(Int(Int32(bitPattern: try number()))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try number() as UInt8)))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try number() as UInt16)))
    case 0x8a: stack.append(try long(count: Int(try number() as UInt8)))
    case UInt8(ascii: "I"), UInt8(ascii: "L"): stack.append(try decimal())
    case UInt8(ascii: "G"): stack.append(.real(Double(bitPattern: (try number() as UInt64).byteSwapped)))
    case UInt8(ascii: "X"), UInt8(ascii: "T"): try text(count: Int(try number() as UInt32))
    case UInt8(ascii: "C"): try data(count: Int(try number() as UInt8))
    case UInt8(ascii: "B"): try data(count: Int(try number() as UInt32))
    case 0x8e:
      guard let count = Int(exactly: try number() as UInt64) else { throw malformed("its pickle is cut off") }
      try data(count: count)
    case UInt8(ascii: "U"), 0x8c: try text(count: Int(try number() as UInt8))
    case UInt8(ascii: ")"): stack.append(heap.tuple([]))
    case UInt8(ascii: "t"): stack.append(heap.tuple(try popMark()))
    case 0x85, 0x86, 0x87: try tuple(Int(opcode) - 0x84)
    case UInt8(ascii: "]"): stack.append(heap.list())
    case UInt8(ascii: "l"): stack.append(heap.list(try popMark()))
    case UInt8(ascii: "a"): try append([pop()])
    case UInt8(ascii: "e"): try append(popMark())
    case UInt8(ascii: "}"): stack.append(heap.dictionary())
    case UInt8(ascii: "d"):
      let items = try popMark()
      stack.append(heap.dictionary())
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
      try global(module, line(), opcodePosition)
    case 0x93:
      guard let name = heap.text(try pop()), let module = heap.text(try pop()) else {
        throw malformed("a global at byte \(opcodePosition) has no name")
      }
      try global(module, name, opcodePosition)
    case UInt8(ascii: "R"): try reduce(opcodePosition)
    case UInt8(ascii: "b"): try build(opcodePosition)
    case UInt8(ascii: "Q"): stack.append(try storage(pop(), opcodePosition))
    default:
      throw refused(
        "its pickle has opcode 0x\(String(opcode, radix: 16)) at byte \(opcodePosition), which a state dictionary does "
          + "not need")
    }
  }

  // MARK: what opcodes mean

  private mutating func global(_ module: String, _ name: String, _ at: Int) throws(ModelFileError) {
    let full = module + "." + name
    guard PickleGlobal(rawValue: full) != nil || PickleGlobal.storages[full] != nil else {
      throw refused(
        "its pickle asks for \(full.prefix(200)) at byte \(at), which a state dictionary does not need; save the weights "
          + "alone, in Python: torch.save(model.state_dict(), \"weights.pt\")")
    }
    stack.append(heap.global(full))
  }

  private mutating func reduce(_ at: Int) throws(ModelFileError) {
    guard case .tuple(let index) = try pop(), case .global(let function) = try pop() else {
      throw malformed("a call at byte \(at) has no function or no arguments")
    }
    let arguments = heap.tuples[index]
    switch PickleGlobal(rawValue: heap.globals[function]) {
    case .orderedDictionary: stack.append(try orderedDictionary(arguments, at))
    case .tensorVersion2, .tensor: stack.append(try tensor(arguments, at))
    case .parameter:
      guard let first = arguments.first, case .tensor = first else {
        throw malformed("the parameter at byte \(at) holds no tensor")
      }
      stack.append(first)
    case .arrayCoreOne, .arrayCoreTwo: stack.append(try array(arguments, at))
    case .dataType: stack.append(try dataType(arguments, at))
    case .size:
      guard let first = arguments.first, heap.items(first) != nil else {
        throw malformed("the size at byte \(at) is no tuple")
      }
      stack.append(first)
    case .arrayClass, nil: throw refused("its pickle calls \(heap.globals[function]) at byte \(at)")
    }
  }

  private mutating func append(_ values: [PickleValue]) throws(ModelFileError) {
    guard case .list(let index) = try top() else { throw malformed("something is appended to what is no list") }
    heap.lists[index] += values
  }

  private mutating func setItems(_ values: [PickleValue]) throws(ModelFileError) {
    guard values.count % 2 == 0, case .dictionary(let dictionary) = try top() else {
      throw malformed("entries are set in what is no dictionary")
    }
    for index in stride(from: 0, to: values.count, by: 2) {
      heap.dictionaries[dictionary].append((values[index], values[index + 1]))
    }
  }

  /// State of an object: an array's shape and values, a data type's byte order, or what an OrderedDict has besides its
  /// entries (`_metadata`), which is not needed.
  private mutating func build(_ at: Int) throws(ModelFileError) {
    let state = try pop()
    switch try top() {
    case .dictionary: break
    case .dataType: try check(dataTypeState: state, at)
    case .array(let index): heap.arrays[index] = try array(state: state, at)
    default: throw refused("its pickle gives a state to an object at byte \(at) that has none")
    }
  }

  /// Counts values that a call copies; a file could otherwise have one long list copied by every few bytes.
  mutating func account(forCopied count: Int, _ at: Int) throws(ModelFileError) {
    copied += count
    guard copied <= Self.mostOperations else { throw refused("its pickle copies too much at byte \(at)") }
  }

  // MARK: reading

  private mutating func number<Value: FixedWidthInteger & BitwiseCopyable>() throws(ModelFileError) -> Value {
    guard let value = bytes.integer(Value.self, at: position) else { throw malformed("its pickle is cut off") }
    position += Value.bitWidth / 8
    return value
  }

  private mutating func text(count: Int) throws(ModelFileError) {
    guard count <= Self.longestText else {
      throw refused("its pickle has a text of \(count) bytes at byte \(position); no name is that long")
    }
    guard let part = bytes.part(position, count) else { throw malformed("its pickle is cut off") }
    guard let text = String(validating: part, as: UTF8.self) else {
      throw malformed("the text at byte \(position) of its pickle is not UTF-8")
    }
    position += count
    stack.append(heap.text(text))
  }

  /// Bytes stay where they are in the file.
  private mutating func data(count: Int) throws(ModelFileError) {
    guard let part = bytes.part(position, count) else { throw malformed("its pickle is cut off") }
    position += count
    stack.append(heap.data(part))
  }

  private mutating func line() throws(ModelFileError) -> String {
    guard position <= bytes.count else { throw malformed("its pickle is cut off") }
    let rest = bytes[(bytes.startIndex + position)...].prefix(1024)
    guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw malformed("a line of its pickle has no end") }
    position = end - bytes.startIndex + 1
    return String(decoding: rest[..<end], as: UTF8.self)
  }

  private mutating func index() throws(ModelFileError) -> Int {
    guard let index = Int(try line()) else { throw malformed("a memo index of its pickle is no number") }
    return index
  }

  private mutating func decimal() throws(ModelFileError) -> PickleValue {
    let text = try line()
    // Protocol 0 writes booleans so.
    if text == "00" || text == "01" { return .bool(text == "01") }
    guard let value = Int(text.last == "L" ? text.dropLast() : text[...]) else {
      throw malformed("\(text.prefix(32)) in its pickle is not a number of 64 bits")
    }
    return .integer(value)
  }

  private mutating func long(count: Int) throws(ModelFileError) -> PickleValue {
    guard count <= 8 else { throw refused("its pickle has a number of \(count) bytes at byte \(position)") }
    guard let part = bytes.part(position, count) else { throw malformed("its pickle is cut off") }
    position += count
    var value = (part.last ?? 0) & 0x80 != 0 ? -1 : 0
    for byte in part.reversed() { value = value << 8 | Int(byte) }
    return .integer(value)
  }

  private mutating func pop() throws(ModelFileError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw malformed("its pickle takes more than it has")
    }
    return value
  }

  private func top() throws(ModelFileError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.last else {
      throw malformed("its pickle takes more than it has")
    }
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
    stack.append(heap.tuple(values.reversed()))
  }

  private func recall(_ index: Int) throws(ModelFileError) -> PickleValue {
    guard let value = memo[index] else { throw malformed("its pickle recalls what it never noted") }
    return value
  }

  func malformed(_ reason: String) -> ModelFileError { .malformed(path: path, reason: reason) }
  func refused(_ reason: String) -> ModelFileError { .refusedPickle(path: path, reason: reason) }
}
