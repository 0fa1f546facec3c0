import Foundation

/// A value that a checkpoint's pickle may hold; whatever is larger than a number lies in a `PickleHeap`.
enum PickleValue: Hashable {
  case none
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case text(Int)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case global(Int)
  case storage(Int)
  case tensor(Int)
  case data(Int)
  /// How the values of a NumPy array are stored.
  case dataType(ElementType)
  case array(Int)
}

/// One stretch of values in a checkpoint, as a pickle names it.
struct PickleStorage: Hashable {
  var key: String
  var type: ElementType
  /// Number of values the pickle claims.
  var count: Int
}

/// A view of a storage.
struct PickleTensor: Hashable {
  var storage: PickleStorage
  /// First value, and distances along each axis, in values.
  var offset: Int
  var shape: [Int]
  var strides: [Int]
}

/// A NumPy array; empty until its state is given, as in NumPy.
struct PickleArray: Hashable {
  var type = ElementType.uint8
  var shape = [0]
  /// True when the first axis runs fastest.
  var isFortranOrdered = false
  /// As many values as the shape has.
  var content = Data()
}

/// The objects of a pickle, referred to by index.
///
/// Objects in a pickle may nest a hundred thousand deep or contain themselves. Held by index they cannot overflow the call
/// stack when they are freed, and cycles cost nothing.
struct PickleHeap {
  var texts: [String] = []
  var tuples: [[PickleValue]] = []
  var lists: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var globals: [String] = []
  var storages: [PickleStorage] = []
  var tensors: [PickleTensor] = []
  /// Slices of the file.
  var data: [Data] = []
  var arrays: [PickleArray] = []

  mutating func text(_ text: String) -> PickleValue {
    texts.append(text)
    return .text(texts.count - 1)
  }

  mutating func tuple(_ values: [PickleValue]) -> PickleValue {
    tuples.append(values)
    return .tuple(tuples.count - 1)
  }

  mutating func list(_ values: [PickleValue] = []) -> PickleValue {
    lists.append(values)
    return .list(lists.count - 1)
  }

  mutating func dictionary() -> PickleValue {
    dictionaries.append([])
    return .dictionary(dictionaries.count - 1)
  }

  mutating func global(_ name: String) -> PickleValue {
    globals.append(name)
    return .global(globals.count - 1)
  }

  mutating func storage(_ storage: PickleStorage) -> PickleValue {
    storages.append(storage)
    return .storage(storages.count - 1)
  }

  mutating func tensor(_ tensor: PickleTensor) -> PickleValue {
    tensors.append(tensor)
    return .tensor(tensors.count - 1)
  }

  mutating func data(_ content: Data) -> PickleValue {
    data.append(content)
    return .data(data.count - 1)
  }

  /// A new, empty array.
  mutating func array() -> PickleValue {
    arrays.append(PickleArray())
    return .array(arrays.count - 1)
  }

  func text(_ value: PickleValue) -> String? { if case .text(let index) = value { texts[index] } else { nil } }

  /// The values of a tuple or list.
  func items(_ value: PickleValue) -> [PickleValue]? {
    switch value {
    case .tuple(let index): tuples[index]
    case .list(let index): lists[index]
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
