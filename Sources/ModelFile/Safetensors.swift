package import Foundation

/// The published safetensors format: a JSON header of names, types, shapes and offsets, then the values.
///
/// - Source: github.com/huggingface/safetensors, format section.
package struct SafetensorsFile: Sendable {
  /// One tensor's entry in the file.
  package struct Entry: Hashable, Sendable {
    package var type: ElementType
    package var shape: [Int]
    /// Byte range, counted from the end of the header.
    package var range: Range<Int>
  }

  /// Far more than a student's 40 KB.
  ///
  /// The format allows 100 MB, which would let a header cost more than the weights.
  private static let longestHeader = 16 << 20

  package let file: MappedFile
  package let entries: [String: Entry]
  package let metadata: [String: String]
  private let dataStart: Int

  /// - Throws: `ModelFileError` that names the violation: lengths, offsets, shapes, overlaps.
  package init(path: String) throws(ModelFileError) { try self.init(MappedFile(path: path)) }

  package init(_ file: MappedFile) throws(ModelFileError) {
    func malformed(_ reason: String) -> ModelFileError { .malformed(path: file.path, reason: reason) }
    guard let headerLength = file.bytes.integer(UInt64.self, at: 0) else {
      throw malformed("\(file.bytes.count) bytes are too few for a safetensors file")
    }
    guard !ZipArchive.recognizes(file.bytes), !LegacyTorchFile.recognizes(file.bytes) else {
      throw malformed("it is a PyTorch checkpoint; convert it to a model with `adl model import`")
    }
    guard headerLength <= Self.longestHeader, let header = file.bytes.part(8, Int(headerLength)),
      header.first == UInt8(ascii: "{")
    else { throw malformed("it has no safetensors header") }
    let content: SafetensorsHeader
    do {
      content = try SafetensorsHeader(header)
    } catch {
      throw malformed("its header: \(error.reason)")
    }
    let dataLength = file.bytes.count - 8 - Int(headerLength)
    var entries: [String: Entry] = [:]
    for (name, tensor) in content.tensors {
      entries[name] = try Self.entry(name, tensor, dataLength: dataLength, malformed)
    }
    var end = 0
    for (name, entry) in entries.sorted(by: {
      ($0.value.range.lowerBound, $0.key) < ($1.value.range.lowerBound, $1.key)
    })
    where !entry.range.isEmpty {
      guard entry.range.lowerBound >= end else { throw malformed("\(name) overlaps another tensor") }
      // Bytes that belong to no tensor could hide anything; the format forbids them.
      guard entry.range.lowerBound == end else { throw malformed("the bytes before \(name) belong to no tensor") }
      end = entry.range.upperBound
    }
    guard end == dataLength else { throw malformed("its last \(dataLength - end) bytes belong to no tensor") }
    self.file = file
    self.entries = entries
    metadata = content.metadata
    dataStart = 8 + Int(headerLength)
  }

  /// The bytes of a tensor, still mapped.
  package func bytes(of entry: Entry) -> Data {
    let begin = file.bytes.startIndex + dataStart
    return file.bytes[begin + entry.range.lowerBound..<begin + entry.range.upperBound]
  }

  private static func entry(
    _ name: String, _ tensor: SafetensorsHeader.Tensor, dataLength: Int, _ malformed: (String) -> ModelFileError
  ) throws(ModelFileError) -> Entry {
    let (shape, offsets) = (tensor.shape, tensor.offsets)
    guard let type = ElementType(rawValue: tensor.type) else {
      throw malformed("\(name) has the unknown type \(tensor.type.prefix(40))")
    }
    guard offsets[0] <= offsets[1], offsets[1] <= dataLength else {
      throw malformed("\(name) lies at \(offsets[0])..<\(offsets[1]) of \(dataLength) bytes")
    }
    guard let count = elementCount(shape), case let (size, overflow) = count.multipliedReportingOverflow(by: type.size),
      !overflow, size == offsets[1] - offsets[0]
    else {
      throw malformed("\(name) has \(offsets[1] - offsets[0]) bytes, which is not the size of \(tensor.type) \(shape)")
    }
    return Entry(type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// Writes tensors in order; each is requested when it is due, so that only one at a time is in memory.
  ///
  /// - Throws: `ModelFileError.cannotWrite`, or what `values` throws.
  package static func write(
    to path: String, metadata: [String: String], tensors: [(name: String, type: ElementType, shape: [Int])],
    values: (String) throws -> [Float]
  ) throws(ModelFileError) {
    var offset = 0
    var fields: [String: Any] = ["__metadata__": metadata]
    for tensor in tensors {
      let size = tensor.shape.reduce(tensor.type.size, *)
      fields[tensor.name] = [
        "dtype": tensor.type.rawValue, "shape": tensor.shape, "data_offsets": [offset, offset + size],
      ]
      offset += size
    }
    let table = fields
    try AtomicFile.write(to: path) { handle in
      var header = try JSONSerialization.data(withJSONObject: table, options: [.sortedKeys, .withoutEscapingSlashes])
      // Values start at a multiple of 64 bytes, one cache line.
      header.append(Data(repeating: UInt8(ascii: " "), count: (64 - (8 + header.count) % 64) % 64))
      var length = UInt64(header.count).littleEndian
      try handle.write(contentsOf: unsafe Data(bytes: &length, count: 8))
      try handle.write(contentsOf: header)
      for tensor in tensors {
        let content = try values(tensor.name)
        precondition(content.count == tensor.shape.reduce(1, *), "\(tensor.name) has a different size than declared")
        try handle.write(contentsOf: tensor.type.bytes(content))
      }
    }
  }
}

/// Number of values for a shape; `nil` for negative sizes and for more than any memory holds.
func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for size in shape {
    guard size >= 0, case let (product, overflow) = count.multipliedReportingOverflow(by: size), !overflow else {
      return nil
    }
    count = product
  }
  return count
}
