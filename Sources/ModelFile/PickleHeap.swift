import Foundation

/// A value that a checkpoint's pickle may hold; whatever is larger than a number lies in a `PickleHeap` or in the file.
enum PickleValue: Hashable {
  case none
  case bool(Bool)
  case integer(Int)
  /// Where in the file the opcode of a text stands.
  case text(Int)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case global(Int)
  case storage(Int)
  case tensor(Int)
  /// Where in the file the opcode of bytes stands.
  case data(Int)
  /// Bytes that were written as a text.
  case decoded(Int)
  case dataType(Int)
  case array(Int)
  /// An object of a class that is not known, with what it keeps.
  case object(Int)
  /// Something that is of no use here: a number with a fraction, a set, what an unknown function made.
  case opaque

  /// True when a tensor could be made of it, or found in it.
  var isUseful: Bool {
    switch self {
    case .none, .bool, .integer, .opaque: false
    default: true
    }
  }
}

/// One stretch of values in a checkpoint, as a pickle names it.
struct PickleStorage: Hashable {
  var key: String
  /// `nil` for values that are not read, as complex ones.
  var type: ElementType?
  /// Bytes of one value.
  var size: Int
  /// Number of values the pickle claims.
  var count: Int
}

/// A view of a storage.
struct PickleTensor {
  var storage: Int
  /// First value, and distances along each axis, in values.
  var offset = 0
  var shape: [Int] = []
  var strides: [Int] = []
  /// Why it cannot be used; told when it is needed.
  var problem: ModelFileError?
}

/// How the values of a NumPy array are stored.
struct PickleDataType {
  /// `nil` for values that are not read.
  var type: ElementType?
  var problem: ModelFileError?
}

/// A NumPy array; empty until its state is given, as in NumPy.
struct PickleArray {
  var type = ElementType.uint8
  var shape = [0]
  /// True when the first axis runs fastest.
  var isFortranOrdered = false
  /// As many values as the shape has.
  var content = Data()
  var problem: ModelFileError?
}

/// The objects of a pickle, referred to by index.
///
/// Objects in a pickle may nest a hundred thousand deep or contain themselves. Held by index they cannot overflow the call
/// stack when they are freed, and cycles cost nothing.
struct PickleHeap {
  /// The file, or the part of it that texts and bytes lie in.
  let bytes: Data
  /// The first is the empty one.
  var tuples: [[PickleValue]] = [[]]
  var lists: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var globals: [String] = []
  var storages: [PickleStorage] = []
  var tensors: [PickleTensor] = []
  var decoded: [Data] = []
  var dataTypes: [PickleDataType] = []
  var arrays: [PickleArray] = []
  /// The dictionary of attributes or entries of each object.
  var objects: [Int?] = []

  init(_ bytes: Data) { self.bytes = bytes }

  /// A text that may be a name.
  func text(_ value: PickleValue) -> String? {
    guard case .text(let position) = value else { return nil }
    return PickleText(bytes, at: position, longest: 2 * PickleText.longestName)?.name
  }

  /// Bytes, or the text that Python 2 keeps them in.
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

  /// The entries of a dictionary, or of an object.
  func entries(_ value: PickleValue) -> Int? {
    switch value {
    case .dictionary(let index): index
    case .object(let index): objects[index]
    default: nil
    }
  }

  /// The numbers of a tuple or list of at most 16 integers, which is more than any tensor has axes.
  func shape(_ value: PickleValue) -> [Int]? {
    guard let items = items(value), items.count <= 16 else { return nil }
    let numbers = items.compactMap { if case .integer(let number) = $0 { number } else { nil } }
    return numbers.count == items.count ? numbers : nil
  }
}
