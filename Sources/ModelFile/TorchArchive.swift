import Foundation

/// A checkpoint as written by `torch.save` since 1.6: a zip archive with one pickle and one file per storage.
///
/// - Source: methods.md 1.6.
enum TorchArchive {
  static func read(_ file: MappedFile) throws(ModelFileError) -> ([String: CheckpointTensor], location: String) {
    func malformed(_ reason: String) -> ModelFileError { .malformed(path: file.path, reason: reason) }
    let archive = try ZipArchive(file)
    let pickles = archive.entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    guard pickles.count == 1, let name = pickles.first, let pickle = archive.entries[name] else {
      throw malformed(
        "the zip archive is not from PyTorch: it has \(pickles.count) data.pkl instead of one; if the checkpoint is inside, unpack it first: unzip"
      )
    }
    let folder = name.dropLast("data.pkl".count)
    guard archive.entries[folder + "constants.pkl"] == nil else {
      throw .refusedPickle(
        path: file.path,
        reason: "it is a TorchScript program; save only the weights, in Python: "
          + "torch.save(model.state_dict(), \"weights.pt\")")
    }
    if let entry = archive.entries[folder + "byteorder"], archive.bytes(of: entry) != Data("little".utf8) {
      throw .unsuitable(path: file.path, reason: "its values are big-endian; save it again on a little-endian machine")
    }
    let (value, heap, _) = try PickleReader.read(
      archive.bytes(of: pickle), path: file.path, fileSize: file.bytes.count)
    return try StateDictionary.find(value, heap, path: file.path) { storage throws(ModelFileError) in
      guard let entry = archive.entries[folder + "data/" + storage.key] else {
        throw malformed("the archive lacks the values \(folder)data/\(storage.key)")
      }
      return archive.bytes(of: entry)
    }
  }
}

/// A checkpoint as written by `torch.save` before 1.6, like the published I3D files: consecutive pickles, then values.
///
/// - Source: methods.md 1.6.
enum LegacyTorchFile {
  /// 0x1950a86a20f9469cfc6c, with which no other file starts, as encoded by pickles since protocol 2 and before.
  private static let magic: [[UInt8]] = [
    [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e],
    Array("L119547037146038801333356L\n.".utf8),
  ]
  private static let protocolVersion = 1001

  static func recognizes(_ bytes: Data) -> Bool { magicEnd(bytes) != nil }

  /// The offset after the first pickle, if that is the magic number.
  private static func magicEnd(_ bytes: Data) -> Int? {
    var position = 0
    if bytes.first == 0x80 { position = 2 }
    // A frame and its length, since protocol 4.
    if bytes.integer(UInt8.self, at: position) == 0x95 { position += 9 }
    return magic.first { bytes.part(position, $0.count).map($0.elementsEqual) ?? false }.map { position + $0.count }
  }

  static func read(_ file: MappedFile) throws(ModelFileError) -> ([String: CheckpointTensor], location: String) {
    let bytes = file.bytes
    func malformed(_ reason: String) -> ModelFileError { .malformed(path: file.path, reason: reason) }
    guard let start = magicEnd(bytes) else { throw malformed("it does not start like PyTorch's older format") }
    let version = try PickleReader.read(bytes, at: start, path: file.path)
    guard version.value == .integer(protocolVersion) else {
      throw malformed("it has an unknown version of PyTorch's older format; \(protocolVersion) is supported")
    }
    let system = try PickleReader.read(bytes, at: version.end, path: file.path)
    try checkByteOrder(system.value, system.heap, path: file.path)
    let object = try PickleReader.read(bytes, at: system.end, path: file.path)
    let keys = try PickleReader.read(bytes, at: object.end, path: file.path)
    guard let items = keys.heap.items(keys.value) else { throw malformed("its list of storages is missing") }

    // The sizes of values are not in the file; each storage's type determines them.
    var sizes: [String: Int] = [:]
    for storage in object.heap.storages {
      guard sizes.updateValue(storage.size, forKey: storage.key) ?? storage.size == storage.size else {
        throw malformed("the storage \(storage.key) has two types")
      }
    }
    var contents: [String: Data] = [:]
    var position = keys.end
    for item in items {
      guard let key = keys.heap.text(item), let size = sizes[key] else {
        throw malformed("it has values that no tensor uses")
      }
      guard let count = bytes.integer(Int64.self, at: position).flatMap({ Int(exactly: $0) }), count >= 0,
        case let (length, overflow) = count.multipliedReportingOverflow(by: size), !overflow,
        let part = bytes.part(position + 8, length)
      else { throw malformed("the values of storage \(key) are truncated") }
      guard contents.updateValue(part, forKey: key) == nil else { throw malformed("the storage \(key) appears twice") }
      position += 8 + length
    }
    return try StateDictionary.find(object.value, object.heap, path: file.path) { storage throws(ModelFileError) in
      guard let content = contents[storage.key] else { throw malformed("it lacks the storage \(storage.key)") }
      return content
    }
  }

  private static func checkByteOrder(_ value: PickleValue, _ heap: PickleHeap, path: String) throws(ModelFileError) {
    guard case .dictionary(let index) = value else {
      throw .malformed(path: path, reason: "its description of the system is missing")
    }
    let isLittle = heap.dictionaries[index].last { heap.text($0.key) == "little_endian" }?.value
    guard isLittle == .bool(true) else {
      throw .unsuitable(path: path, reason: "its values are big-endian; save it again on a little-endian machine")
    }
  }
}
