import Foundation

/// The tensors of a file that `torch.save` wrote, in the zip format or the older sequence of pickles.
///
/// Nothing in the file is executed; see `PickleReader`. Values stay in the mapped file until they are asked for.
///
/// - Source: methods.md 1.6, formats.
package struct TorchCheckpoint: Sendable {
  /// The older format's first pickle, a number of ten bytes; these are its lower eight.
  private static let magic = Int(truncatingIfNeeded: 0xa86a_20f9_469c_fc6c as UInt64)
  private static let protocolVersion = 1001
  /// Where people put a state dictionary among other things.
  private static let nests = ["state_dict", "model_state_dict", "model", "net", "network"]

  package let path: String
  private let tensors: [String: PickleTensor]
  private let storages: [String: Data]

  /// - Throws: `ModelFileError` naming what is damaged, refused or missing.
  package init(path: String) throws(ModelFileError) {
    let file = try MappedFile(path: path)
    let content = ZipArchive.recognizes(file.bytes) ? try Self.zipped(file) : try Self.legacy(file)
    tensors = try Self.stateDictionary(content.object, path: path)
    storages = content.storages
    self.path = path
    for (name, tensor) in tensors {
      guard let bytes = storages[tensor.storage.key], bytes.count == tensor.storage.count * tensor.storage.type.size
      else { throw .malformed(path: path, reason: "the values of \(name) are missing or of another number") }
    }
  }

  /// Names of the tensors, without the `module.` that DataParallel puts before them.
  package var names: Set<String> { Set(tensors.keys) }

  package func shape(of name: String) -> [Int]? { tensors[name]?.shape }

  /// A tensor's values in row-major order.
  ///
  /// - Precondition: the checkpoint has it.
  package func values(of name: String) -> [Float] {
    guard let tensor = tensors[name], let storage = storages[tensor.storage.key] else {
      preconditionFailure("\(path) has no tensor \(name)")
    }
    let size = tensor.storage.type.size
    let count = tensor.shape.reduce(1, *)
    if tensor.strides == rowMajorStrides(tensor.shape),
      let part = storage.part(tensor.offset * size, count * size)
    {
      return tensor.storage.type.floats(part)
    }
    let all = tensor.storage.type.floats(storage)
    var position = Array(repeating: 0, count: tensor.shape.count)
    return (0..<count).map { _ in
      let value = all[tensor.offset + zip(position, tensor.strides).reduce(0) { $0 + $1.0 * $1.1 }]
      var axis = position.count - 1
      while axis >= 0 {
        position[axis] += 1
        if position[axis] < tensor.shape[axis] { break }
        position[axis] = 0
        axis -= 1
      }
      return value
    }
  }

  private typealias Content = (object: PickleValue, storages: [String: Data])

  private static func zipped(_ file: MappedFile) throws(ModelFileError) -> Content {
    let archive = try ZipArchive(file)
    guard let name = archive.entries.keys.sorted().first(where: { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }),
      let entry = archive.entries[name]
    else { throw .malformed(path: file.path, reason: "it is a zip archive without data.pkl, so not from torch.save") }
    let folder = String(name.dropLast("data.pkl".count))
    if let order = archive.entries[folder + "byteorder"] {
      let text = String(decoding: archive.bytes(of: order), as: UTF8.self)
      guard text == "little" else { throw .malformed(path: file.path, reason: "its byte order is \(text.prefix(16))") }
    }
    if archive.entries.keys.contains(where: { $0.hasPrefix(folder + "code/") }) {
      throw .refusedPickle(
        path: file.path,
        reason: "it is a TorchScript program; save the weights with torch.save(model.state_dict(), path)")
    }
    let object = try PickleReader.read(archive.bytes(of: entry), path: file.path).value
    var storages: [String: Data] = [:]
    for (name, entry) in archive.entries where name.hasPrefix(folder + "data/") {
      storages[String(name.dropFirst(folder.count + "data/".count))] = archive.bytes(of: entry)
    }
    return (object, storages)
  }

  private static func legacy(_ file: MappedFile) throws(ModelFileError) -> Content {
    func malformed(_ reason: String) -> ModelFileError { .malformed(path: file.path, reason: reason) }
    let first: (value: PickleValue, end: Int)
    do {
      first = try PickleReader.read(file.bytes, path: file.path)
    } catch {
      throw malformed("it is neither a zip archive nor a pickle of torch.save")
    }
    guard case .integer(magic) = first.value else { throw malformed("it is not a file of torch.save") }
    let version = try PickleReader.read(file.bytes, at: first.end, path: file.path)
    guard case .integer(protocolVersion) = version.value else {
      throw malformed("its format is not the one PyTorch has used since 0.2")
    }
    let system = try PickleReader.read(file.bytes, at: version.end, path: file.path)
    if case .dictionary(let facts) = system.value {
      for case (.text("little_endian"), .bool(false)) in facts.items { throw malformed("it is big-endian") }
    }
    let object = try PickleReader.read(file.bytes, at: system.end, path: file.path)
    let keys = try PickleReader.read(file.bytes, at: object.end, path: file.path)
    guard case .list(let list) = keys.value else { throw malformed("its list of storages is missing") }
    let types = elementTypes(in: object.value)
    var storages: [String: Data] = [:]
    var position = keys.end
    for item in list.items {
      guard case .text(let key) = item,
        let count = file.bytes.integer(Int64.self, at: position).flatMap(Int.init(exactly:)),
        let type = types[key], case let (size, overflow) = count.multipliedReportingOverflow(by: type.size), !overflow,
        let part = file.bytes.part(position + 8, size)
      else { throw malformed("its storages are cut off or damaged") }
      storages[key] = part
      position += 8 + size
    }
    return (object.value, storages)
  }

  /// Types of the storages that tensors refer to; the older format says them there only.
  private static func elementTypes(in value: PickleValue) -> [String: ElementType] {
    var types: [String: ElementType] = [:]
    var seen: Set<ObjectIdentifier> = []
    var open = [value]
    while let next = open.popLast() {
      switch next {
      case .tensor(let tensor): types[tensor.storage.key] = tensor.storage.type
      case .storage(let storage): types[storage.key] = storage.type
      case .tuple(let items): open += items
      case .list(let list): if seen.insert(ObjectIdentifier(list)).inserted { open += list.items }
      case .dictionary(let dictionary):
        if seen.insert(ObjectIdentifier(dictionary)).inserted { open += dictionary.items.map(\.value) }
      case .none, .bool, .integer, .real, .text, .global: break
      }
    }
    return types
  }

  private static func stateDictionary(_ object: PickleValue, path: String) throws(ModelFileError) -> [String:
    PickleTensor]
  {
    guard case .dictionary(let outer) = object else {
      throw .unsuitable(path: path, reason: "it holds no state dictionary; save torch.save(model.state_dict(), path)")
    }
    var found = tensors(in: outer)
    for nest in nests where found.isEmpty {
      for case (.text(nest), .dictionary(let inner)) in outer.items { found = tensors(in: inner) }
    }
    guard !found.isEmpty else {
      throw .unsuitable(
        path: path, reason: "it holds no tensors, neither directly nor under \(nests.joined(separator: ", "))")
    }
    let prefix = "module."
    guard found.keys.allSatisfy({ $0.hasPrefix(prefix) }) else { return found }
    return Dictionary(uniqueKeysWithValues: found.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
  }

  private static func tensors(in dictionary: PickleDictionary) -> [String: PickleTensor] {
    var tensors: [String: PickleTensor] = [:]
    for case (.text(let name), .tensor(let tensor)) in dictionary.items { tensors[name] = tensor }
    return tensors
  }
}

/// Steps from one index to the next along each axis of an array without gaps; axes of size 1 count as PyTorch counts.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = Array(repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * max(1, shape[axis + 1]) }
  return strides
}
