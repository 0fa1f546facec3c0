import Foundation

/// A value in a checkpoint's pickle; anything larger than a number is in a `PickleHeap` or in the file.
enum PickleValue: Hashable {
  case none
  case bool(Bool)
  case integer(Int)
  /// The file offset of a text's opcode.
  case text(Int)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case global(Int)
  case storage(Int)
  case tensor(Int)
  /// The file offset of the opcode for bytes.
  case data(Int)
  /// Bytes written as text.
  case decoded(Int)
  case dataType(Int)
  case array(Int)
  /// An object of an unknown class, with its attributes.
  case object(Int)
  /// Something not needed here: a fractional number, a set, the result of an unknown function.
  case opaque

  /// True if it may contain a tensor or become one.
  var isUseful: Bool {
    switch self {
    case .none, .bool, .integer, .opaque: false
    default: true
    }
  }
}

/// A contiguous range of values in a checkpoint, as named by a pickle.
struct PickleStorage: Hashable {
  var key: String
  /// `nil` for values that are not read, such as complex numbers.
  var type: ElementType?
  /// Bytes per value.
  var size: Int
  /// The number of values that the pickle declares.
  var count: Int
}

/// A view of a storage.
struct PickleTensor {
  var storage: Int
  /// The offset of the first value and the stride of each axis, in values.
  var offset = 0
  var shape: [Int] = []
  var strides: [Int] = []
  /// Why it cannot be used; reported when it is needed.
  var problem: ModelFileError?
}

/// How a NumPy array's values are stored.
struct PickleDataType {
  /// `nil` for values that are not read.
  var type: ElementType?
  var problem: ModelFileError?
}

/// A NumPy array; empty until its state is set, as in NumPy.
struct PickleArray {
  var type = ElementType.uint8
  var shape = [0]
  /// True if the first axis varies fastest.
  var isFortranOrdered = false
  /// As many values as the shape requires.
  var content = Data()
  var problem: ModelFileError?
}

/// A pickle's objects, referred to by index.
///
/// Objects in a pickle may be nested a hundred thousand deep or contain themselves. Held by index, they cannot overflow
/// the call stack when freed, and cycles are harmless.
struct PickleHeap {
  /// The file, or the part of it that contains texts and bytes.
  let bytes: Data
  /// The first one is the empty tuple.
  var tuples: [[PickleValue]] = [[]]
  var lists: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var globals: [String] = []
  var storages: [PickleStorage] = []
  var tensors: [PickleTensor] = []
  var decoded: [Data] = []
  var dataTypes: [PickleDataType] = []
  var arrays: [PickleArray] = []
  /// Each object's dictionary of attributes or entries.
  var objects: [Int?] = []

  init(_ bytes: Data) { self.bytes = bytes }

  /// A text short enough to be a name.
  func text(_ value: PickleValue) -> String? {
    guard case .text(let position) = value else { return nil }
    return PickleText(bytes, at: position, longest: 2 * PickleText.longestName)?.name
  }

  /// Bytes, or the text in which Python 2 stores them.
  func content(_ value: PickleValue) -> Data? {
    switch value {
    case .data(let position), .text(let position): PickleText(bytes, at: position)?.content
    case .decoded(let index): decoded[index]
    default: nil
    }
  }

  /// Bytes of memory that `content` takes.
  func cost(ofContent value: PickleValue) -> Int {
    if case .text(let position) = value { PickleText(bytes, at: position)?.cost ?? 0 } else { 0 }
  }

  /// The values of a tuple or list.
  func items(_ value: PickleValue) -> [PickleValue]? {
    switch value {
    case .tuple(let index): tuples[index]
    case .list(let index): lists[index]
    default: nil
    }
  }

  /// The entries of a dictionary or object.
  func entries(_ value: PickleValue) -> Int? {
    switch value {
    case .dictionary(let index): index
    case .object(let index): objects[index]
    default: nil
    }
  }

  /// The numbers of a tuple or list of at most 16 integers, more than any tensor has axes.
  func shape(_ value: PickleValue) -> [Int]? {
    guard let items = items(value), items.count <= 16 else { return nil }
    let numbers = items.compactMap { if case .integer(let number) = $0 { number } else { nil } }
    return numbers.count == items.count ? numbers : nil
  }
}
