import Foundation
import Networks
import Video

@testable import Detection
@testable import ModelFile

extension FuzzTarget {
  /// Model files and their contents.
  static var modelReaders: [Reader] {
    [
      { try model($0) },
      // Only the header, preceded by its length, with four bytes of weights after it.
      { try model(safetensors(header: $0)) },
      // Only the card: lines of KEY=VALUE.
      { try card($0) },
      { try InputFile.with($0) { _ = try LabelFile.read($0) } },
    ]
  }

  private static func model(_ bytes: [UInt8]) throws {
    try InputFile.with(bytes) { path in
      let content = try SafetensorsFile(path: path)
      for entry in content.entries.values { _ = entry.type.floats(content.bytes(of: entry)) }
      // A whole I3D does not fit into a few bytes.
      do { _ = try StudentModel(path: path) } catch { _ = "\(error)" }
    }
  }

  private static func safetensors(header: [UInt8]) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + [0, 0, 128, 63]
  }

  private static func card(_ bytes: [UInt8]) throws {
    var metadata: [String: String] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { metadata[String(parts[0])] = String(parts[1]) }
    }
    let card = try ModelCard(metadata: metadata, path: "model")
    _ = try card.metadata()
    _ = try card.ranges?.fault(for: card.network.graph())
  }

  /// Checkpoints of PyTorch and NumPy.
  static var checkpointReaders: [Reader] {
    [
      { bytes in
        try InputFile.with(bytes) { path in
          let checkpoint = try Checkpoint(path: path)
          for tensor in checkpoint.tensors.values { _ = tensor.values() }
          // A whole I3D does not fit into a few bytes.
          do { _ = try StudentImport(path: path) } catch { _ = "\(error)" }
        }
      },
      // A pickle as in PyTorch's zip archives, which a change of its length would break.
      { bytes in
        let (value, heap, _) = try PickleReader.read(Data(bytes), path: "checkpoint")
        let (tensors, _) = try StateDictionary.find(value, heap, path: "checkpoint") { storage throws(ModelFileError) in
          Data(count: min(storage.count, 1024) * storage.size)
        }
        for tensor in tensors.values { _ = tensor.values() }
      },
    ]
  }

  /// Detectors, which are checked before OpenCV reads them.
  static var detectorReaders: [Reader] {
    [
      { bytes in
        let layout = try YOLOXLayout(bytes, path: "detector.onnx")
        // OpenCV reads and runs what is accepted; a large picture only costs time.
        guard layout.canvas.width * layout.canvas.height <= 64 * 64 else { return }
        try InputFile.with(bytes) { _ = try ModelFinder(path: $0) }
      }
    ]
  }
}
