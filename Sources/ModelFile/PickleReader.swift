import Foundation

/// Reads the tensors from a pickle, as PyTorch, NumPy and training loops write it, in protocols 0 to 5.
///
/// Nothing is imported, called or executed: the few functions that create tensors are recognised by name, and anything
/// else becomes an opaque value that is ignored. Every opcode takes at least one byte and constant time, and memory is
/// bounded by an allowance that grows with the file, so a hostile file costs no more than a large one.
///
/// - Source: the opcode descriptions in CPython's Lib/pickletools.py; methods.md 1.6.
struct PickleReader {
  private static let mostOpenMarks = 1000
  /// Memory that a small file's pickle may need for anything but tensors.
  private static let smallestAllowance = 16 << 20
  /// How many items of a list or dictionary are kept although none can contain a tensor: for shapes, and for messages.
  private static let keptNumbers = 32

  private let bytes: Data
  let path: String
  private(set) var position: Int
  var heap: PickleHeap
  private var stack: [PickleValue] = []
  private var highest = 0
  private var marks: [Int] = []
  private var memo: [PickleValue?] = []
  private var sparseMemo: [Int: PickleValue] = [:]
  private var globals: [String: Int] = [:]
  /// Bytes of memory that may still be used.
  private var allowance: Int

  private init(_ bytes: Data, at position: Int, path: String, fileSize: Int) {
    self.bytes = bytes
    self.position = position
    self.path = path
    heap = PickleHeap(bytes)
    allowance = fileSize + Self.smallestAllowance
  }

  /// Reads one pickle.
  ///
  /// - Parameters:
  ///   - bytes: contains the pickle from `position` on.
  ///   - position: the offset of its first opcode.
  ///   - path: the file's name in messages.
  ///   - fileSize: size of the whole file, which limits memory; the size of `bytes` if omitted.
  /// - Returns: its value, the objects the value refers to, and the offset after its end.
  /// - Throws: `ModelFileError` that says what is damaged, and where.
  static func read(_ bytes: Data, at position: Int = 0, path: String, fileSize: Int? = nil) throws(ModelFileError) -> (
    value: PickleValue, heap: PickleHeap, end: Int
  ) {
    var reader = PickleReader(bytes, at: position, path: path, fileSize: fileSize ?? bytes.count)
    let value = try reader.run()
    return (value, reader.heap, reader.position)
  }

  private mutating func run() throws(ModelFileError) -> PickleValue {
    while true {
      let opcodePosition = position
      let opcode: UInt8 = try number()
      if opcode == UInt8(ascii: ".") { return try pop() }
      try step(opcode, opcodePosition)
    }
  }

  private mutating func step(_ opcode: UInt8, _ at: Int) throws(ModelFileError) {
    switch opcode {
    case 0x80:
      let version: UInt8 = try number()
      guard version <= 5 else { throw refused("its pickle has protocol \(version); 0 to 5 are supported") }
    case 0x95: _ = try number() as UInt64  // the length of a frame, only needed when reading from a stream
    case UInt8(ascii: "("):
      guard marks.count < Self.mostOpenMarks else { throw refused("its pickle nests too deeply") }
      marks.append(stack.count)
    case UInt8(ascii: "0"): if stack.count > (marks.last ?? 0) { stack.removeLast() } else { _ = try popMark() }
    case UInt8(ascii: "1"): _ = try popMark()
    case UInt8(ascii: "2"): try push(top())
    case UInt8(ascii: "N"): try push(.none)
    case 0x88: try push(.bool(true))
    case 0x89: try push(.bool(false))
    case UInt8(ascii: "J"): try push(.integer(Int(Int32(bitPattern: number()))))
    case UInt8(ascii: "K"): try push(.integer(Int(number() as UInt8)))
    case UInt8(ascii: "M"): try push(.integer(Int(number() as UInt16)))
    case 0x8a: try push(long(count: Int(number() as UInt8)))
    case 0x8b: try push(long(count: Int(number() as UInt32)))
    case UInt8(ascii: "I"), UInt8(ascii: "L"): try push(decimal())
    case UInt8(ascii: "G"):
      _ = try number() as UInt64
      try push(.opaque)
    case UInt8(ascii: "F"):
      _ = try line()
      try push(.opaque)
    case UInt8(ascii: "X"), UInt8(ascii: "T"), UInt8(ascii: "U"), UInt8(ascii: "S"), UInt8(ascii: "V"), 0x8c, 0x8d:
      try skipText(at)
      try push(.text(at))
    case UInt8(ascii: "C"), UInt8(ascii: "B"), 0x8e, 0x96:
      try skipText(at)
      try push(.data(at))
    case UInt8(ascii: ")"): try push(.tuple(0))
    case UInt8(ascii: "t"): try push(tuple(popMark()))
    case 0x85, 0x86, 0x87:
      let count = Int(opcode) - 0x84
      var values: [PickleValue] = []
      for _ in 0..<count { values.append(try pop()) }
      try push(tuple(values.reversed()))
    case UInt8(ascii: "]"): try push(list())
    case UInt8(ascii: "l"):
      let items = try popMark()
      try push(list())
      try append(items)
    case UInt8(ascii: "a"): try append([pop()])
    case UInt8(ascii: "e"): try append(popMark())
    case UInt8(ascii: "}"): try push(dictionary())
    case UInt8(ascii: "d"):
      let items = try popMark()
      try push(dictionary())
      try setItems(items)
    case UInt8(ascii: "s"):
      let value = try pop()
      try setItems([pop(), value])
    case UInt8(ascii: "u"): try setItems(popMark())
    // Sets do not contain named tensors.
    case 0x8f: try push(.opaque)
    case 0x90:
      _ = try popMark()
      _ = try top()
    case 0x91:
      _ = try popMark()
      try push(.opaque)
    case UInt8(ascii: "q"): try note(Int(number() as UInt8))
    case UInt8(ascii: "r"): try note(Int(number() as UInt32))
    case UInt8(ascii: "p"): try note(index())
    case 0x94: try note(memo.count)
    case UInt8(ascii: "h"): try push(recall(Int(number() as UInt8)))
    case UInt8(ascii: "j"): try push(recall(Int(number() as UInt32)))
    case UInt8(ascii: "g"): try push(recall(index()))
    case UInt8(ascii: "c"):
      let module = try line()
      try push(global(module, line()))
    case 0x93:
      guard let name = heap.text(try pop()), let module = heap.text(try pop()) else {
        throw malformed("a global at byte \(at) has no name")
      }
      try push(global(module, name))
    case UInt8(ascii: "R"):
      let arguments = try pop()
      try push(result(of: pop(), arguments, at))
    case 0x81:
      _ = try pop()
      _ = try pop()
      try push(object())
    case 0x92:
      for _ in 0..<3 { _ = try pop() }
      try push(object())
    case UInt8(ascii: "o"):
      _ = try popMark()
      try push(object())
    case UInt8(ascii: "i"):
      _ = try line()
      _ = try line()
      _ = try popMark()
      try push(object())
    case UInt8(ascii: "b"): try build()
    case UInt8(ascii: "Q"): try push(storage(pop()))
    case UInt8(ascii: "P"):
      _ = try line()
      try push(.opaque)
    // Extension codes for classes, agreed on within a program.
    case 0x82: try skip(1)
    case 0x83: try skip(2)
    case 0x84: try skip(4)
    default: throw refused("its pickle has opcode 0x\(String(opcode, radix: 16)) at byte \(at), which is unknown")
    }
  }

  private mutating func skip(_ count: Int) throws(ModelFileError) {
    guard bytes.part(position, count) != nil else { throw malformed("its pickle is truncated") }
    position += count
    try push(.opaque)
  }

  // MARK: what opcodes mean

  private mutating func global(_ module: String, _ name: String) throws(ModelFileError) -> PickleValue {
    let full = module + "." + name
    if let index = globals[full] { return .global(index) }
    try take(256 + 4 * full.utf8.count)
    heap.globals.append(full)
    globals[full] = heap.globals.count - 1
    return .global(heap.globals.count - 1)
  }

  private mutating func result(of function: PickleValue, _ arguments: PickleValue, _ at: Int) throws(ModelFileError)
    -> PickleValue
  {
    guard case .global(let index) = function, case .tuple(let tuple) = arguments,
      let function = PickleGlobal(rawValue: heap.globals[index])
    else { return .opaque }
    let arguments = heap.tuples[tuple]
    switch function {
    case .orderedDictionary: return try orderedDictionary(arguments)
    case .defaultDictionary: return try dictionary()
    case .tensorVersion2, .tensor: return try tensor(arguments, at)
    case .parameter, .parameterWithState:
      guard let first = arguments.first, case .tensor = first else { return .opaque }
      return first
    case .size:
      guard let first = arguments.first, heap.items(first) != nil else { return .opaque }
      return first
    case .arrayCoreOne, .arrayCoreTwo: return try array(arguments)
    case .bufferCoreOne, .bufferCoreTwo: return try arrayOfBuffer(arguments, at)
    case .dataType: return try dataType(arguments, at)
    case .encode: return try encoded(arguments)
    case .reconstructor, .reconstructorOfPython2: return try object()
    case .arrayClass: return .opaque
    }
  }

  private mutating func tuple(_ values: [PickleValue]) throws(ModelFileError) -> PickleValue {
    guard !values.isEmpty else { return .tuple(0) }
    let isShape = values.count <= 16 && values.allSatisfy { if case .integer = $0 { true } else { false } }
    guard isShape || values.contains(where: \.isUseful) else { return .opaque }
    try take(80 + 16 * values.count)
    heap.tuples.append(values)
    return .tuple(heap.tuples.count - 1)
  }

  private mutating func list() throws(ModelFileError) -> PickleValue {
    try take(24)
    heap.lists.append([])
    return .list(heap.lists.count - 1)
  }

  mutating func dictionary() throws(ModelFileError) -> PickleValue {
    try take(24)
    heap.dictionaries.append([])
    return .dictionary(heap.dictionaries.count - 1)
  }

  private mutating func object() throws(ModelFileError) -> PickleValue {
    try take(48)
    heap.objects.append(nil)
    return .object(heap.objects.count - 1)
  }

  private mutating func append(_ values: [PickleValue]) throws(ModelFileError) {
    guard case .list(let index) = try top() else { return }
    for value in values where value.isUseful || heap.lists[index].count < Self.keptNumbers {
      try take(heap.lists[index].isEmpty ? 80 : 48)
      heap.lists[index].append(value)
    }
  }

  private mutating func setItems(_ values: [PickleValue]) throws(ModelFileError) {
    guard values.count % 2 == 0 else {
      throw malformed("its pickle sets entries in something that is not a dictionary")
    }
    guard let dictionary = try entries(of: top()) else { return }
    for index in stride(from: 0, to: values.count, by: 2) {
      try set(values[index], values[index + 1], in: dictionary)
    }
  }

  /// Keys that are not texts, such as the numbers of an optimiser's parameters, do not name tensors.
  mutating func set(_ key: PickleValue, _ value: PickleValue, in dictionary: Int) throws(ModelFileError) {
    guard case .text = key, value.isUseful || heap.dictionaries[dictionary].count < Self.keptNumbers else { return }
    try take(96)
    heap.dictionaries[dictionary].append((key, value))
  }

  /// The dictionary of a value, created if an object has none yet; `nil` if the value cannot have entries.
  private mutating func entries(of value: PickleValue) throws(ModelFileError) -> Int? {
    if case .object(let object) = value, heap.objects[object] == nil, case .dictionary(let new) = try dictionary() {
      heap.objects[object] = new
    }
    return heap.entries(value)
  }

  /// Sets an object's state: an array's shape and values, a data type's byte order, an object's attributes.
  private mutating func build() throws(ModelFileError) {
    let state = try pop()
    switch try top() {
    case .dataType(let index): check(dataType: index, state: state)
    case .array(let index): try setState(of: index, state)
    case .object(let index):
      // For a class with slots it is a pair of dictionaries.
      let first = heap.items(state)?.first ?? state
      guard case .dictionary(let attributes) = first else { return }
      if heap.objects[index] == nil {
        heap.objects[index] = attributes
      } else if let own = heap.objects[index] {
        for (key, value) in heap.dictionaries[attributes] { try set(key, value, in: own) }
      }
    // An OrderedDict's additional attributes (`_metadata`), and the state of ignored objects.
    default: break
    }
  }

  /// Deducts bytes of memory from the allowance.
  mutating func take(_ count: Int) throws(ModelFileError) {
    allowance -= count
    guard allowance >= 0 else {
      throw refused("its pickle, at byte \(position), needs far more memory than the file's size justifies")
    }
  }

  // MARK: reading

  private mutating func push(_ value: PickleValue) throws(ModelFileError) {
    stack.append(value)
    guard stack.count > highest else { return }
    highest = stack.count
    // An array may take up to twice the size of its values, and both sizes while it grows.
    try take(48)
  }

  private mutating func note(_ index: Int) throws(ModelFileError) {
    let value = try top()
    if memo.indices.contains(index) {
      memo[index] = value
    } else if index >= 0, index <= memo.count + 8 {
      // Python 2 starts at 1.
      while memo.count < index { memo.append(nil) }
      try take(48)
      memo.append(value)
    } else {
      try take(128)
      sparseMemo[index] = value
    }
  }

  private func recall(_ index: Int) throws(ModelFileError) -> PickleValue {
    guard let value = memo.indices.contains(index) ? memo[index] : sparseMemo[index] else {
      throw malformed("its pickle uses a memo entry that it never stored")
    }
    return value
  }

  private mutating func number<Value: FixedWidthInteger & BitwiseCopyable>() throws(ModelFileError) -> Value {
    guard let value = bytes.integer(Value.self, at: position) else { throw malformed("its pickle is truncated") }
    position += Value.bitWidth / 8
    return value
  }

  /// Texts and bytes stay in the file.
  private mutating func skipText(_ at: Int) throws(ModelFileError) {
    guard let text = PickleText(bytes, at: at) else { throw malformed("its pickle is truncated") }
    position = text.end
  }

  private mutating func line() throws(ModelFileError) -> String {
    guard position <= bytes.count else { throw malformed("its pickle is truncated") }
    let rest = bytes[(bytes.startIndex + position)...].prefix(1024)
    guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw malformed("a line of its pickle has no end") }
    position = end - bytes.startIndex + 1
    return String(decoding: rest[..<end], as: UTF8.self)
  }

  private mutating func index() throws(ModelFileError) -> Int {
    guard let index = Int(try line()) else { throw malformed("a memo index of its pickle is not a number") }
    return index
  }

  /// A number of more than 64 bits cannot be a size.
  private mutating func decimal() throws(ModelFileError) -> PickleValue {
    let text = try line()
    // How protocol 0 writes booleans.
    if text == "00" || text == "01" { return .bool(text == "01") }
    return Int(text.last == "L" ? text.dropLast() : text[...]).map { .integer($0) } ?? .opaque
  }

  private mutating func long(count: Int) throws(ModelFileError) -> PickleValue {
    guard let part = bytes.part(position, count) else { throw malformed("its pickle is truncated") }
    position += count
    guard count <= 8 else { return .opaque }
    var value = (part.last ?? 0) & 0x80 != 0 ? -1 : 0
    for byte in part.reversed() { value = value << 8 | Int(byte) }
    return .integer(value)
  }

  private mutating func pop() throws(ModelFileError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw malformed("its pickle pops more values than it has")
    }
    return value
  }

  private func top() throws(ModelFileError) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.last else {
      throw malformed("its pickle pops more values than it has")
    }
    return value
  }

  private mutating func popMark() throws(ModelFileError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw malformed("its pickle has a mark that was never opened") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  func malformed(_ reason: String) -> ModelFileError { .malformed(path: path, reason: reason) }
  func refused(_ reason: String) -> ModelFileError { .refusedPickle(path: path, reason: reason) }
}
