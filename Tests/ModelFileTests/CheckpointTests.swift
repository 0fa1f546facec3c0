import Foundation
import TestSupport
import Testing

@testable import ModelFile

@Suite struct CheckpointTests {
  private static let tensors = [
    WrittenTensor(name: "first", shape: [2, 3], values: fixtureValues(6)),
    WrittenTensor(name: "second", shape: [4], values: fixtureValues(4)),
  ]

  private func refusal(_ content: Data) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(content)
    let error = #expect(throws: ModelFileError.self) { try Checkpoint(path: path) }
    return error.map { "\($0)".replacing(path, with: "FILE") } ?? ""
  }

  @Test(arguments: ["nested-zip.pt", "nested-legacy.pt"])
  func `a PyTorch training checkpoint gives every tensor of its state dictionary`(name: String) throws {
    let checkpoint = try Checkpoint(path: fixture(name))
    #expect(checkpoint.location == "state_dict")
    let base = fixtureValues(24)
    let expected: [String: (shape: [Int], values: [Float])] = [
      "plain": ([2, 3], fixtureValues(6)),
      "transposed": ([6, 4], (0..<24).map { base[$0 % 4 * 6 + $0 / 4] }),
      "window": ([2, 3], [8, 9, 10, 14, 15, 16].map { base[$0] }),
      "column": ([4], [4, 10, 16, 22].map { base[$0] }),
      "half": ([3], fixtureValues(3)),
      "bfloat": ([2, 2], fixtureValues(4)),
      "double": ([5], fixtureValues(5)),
      "counter": ([], [70000]),
      "empty": ([0, 4], []),
      "parameter": ([2], fixtureValues(2)),
      "channels": ([1, 2, 2, 2, 2], fixtureValues(16)),
    ]
    #expect(Set(checkpoint.tensors.keys) == Set(expected.keys))
    for (name, tensor) in checkpoint.tensors {
      #expect(tensor.shape == expected[name]?.shape, "\(name)")
      #expect(tensor.values() == expected[name]?.values, "\(name)")
    }
  }

  @Test func `the tests' own writer writes the same pickle as PyTorch`() throws {
    let file = try MappedFile(path: fixture("plain-zip.pt"))
    let archive = try ZipArchive(file)
    let entry = try #require(archive.entries["plain-zip/data.pkl"])
    #expect([UInt8](archive.bytes(of: entry)) == TorchWriter.pickle(Self.tensors))
  }

  @Test func `both formats of the tests' own writer are read`() throws {
    let folder = try TemporaryFolder()
    for content in [TorchWriter.zip(Self.tensors), TorchWriter.legacy(Self.tensors)] {
      let checkpoint = try Checkpoint(path: folder.write(content))
      #expect(checkpoint.location.isEmpty)
      #expect(checkpoint.tensors["first"]?.values() == fixtureValues(6))
      #expect(checkpoint.tensors["second"]?.values() == fixtureValues(4))
    }
  }

  @Test(arguments: [
    "training-zip.pt", "training-legacy-1.pt", "training-legacy-3.pt", "training-legacy-4.pt", "training-legacy-5.pt",
    "module.pt", "numpy-0.pkl", "numpy-1.pkl", "numpy-2.pkl", "numpy-3.pkl", "numpy-4.pkl", "numpy-5.pkl",
  ])
  func `tensors are found in whatever training loops save, in every protocol`(name: String) throws {
    let checkpoint = try Checkpoint(path: fixture(name))
    #expect(Set(checkpoint.tensors.keys) == ["stem.weight", "stem.bias"])
    #expect(checkpoint.tensors["stem.weight"]?.shape == [2, 3])
    #expect(checkpoint.tensors["stem.weight"]?.values() == fixtureValues(6))
    #expect(checkpoint.tensors["stem.bias"]?.values() == fixtureValues(2))
  }

  @Test func `files in other formats are refused with what they are`() throws {
    let pickle = Data(TorchWriter.pickle(Self.tensors))
    #expect(try refusal(Data("hello, world".utf8)).contains("not a PyTorch checkpoint"))
    #expect(try refusal(Data()).hasSuffix("it is empty"))
    for (beginning, reason) in [
      ("version https://git-lfs.github.com/spec/v1", "git lfs pull"), ("\n<!DOCTYPE html><html>", "it is a web page"),
      ("\u{89}HDF\r\n\u{1a}\n", "it is an HDF5 file"), ("\u{1f}\u{8b}\u{8}", "gunzip"),
    ] { #expect(try refusal(Data(beginning.unicodeScalars.map { UInt8($0.value) })).contains(reason)) }
    #expect(
      try refusal(TorchWriter.archive([("word/document.xml", Data("x".utf8))])).contains(
        "it has 0 data.pkl instead of one"))
    #expect(
      try refusal(TorchWriter.archive([("m/data.pkl", pickle), ("m/constants.pkl", pickle)])).contains("TorchScript"))
    #expect(try refusal(TorchWriter.archive([("m/data.pkl", pickle)], method: 8)).contains("m/data.pkl is compressed"))
    #expect(try refusal(TorchWriter.archive([("m/data.pkl", pickle)])).contains("lacks the values m/data/0"))
    #expect(
      try refusal(TorchWriter.archive([("m/data.pkl", pickle), ("m/data.pkl", pickle)])).contains("appears twice"))
    #expect(
      try refusal(TorchWriter.archive([("m/data.pkl", pickle), ("m/byteorder", Data("big".utf8))])).contains(
        "big-endian"))
    #expect(
      try refusal(
        TorchWriter.archive([("m/data.pkl", pickle), ("m/data/0", Data(count: 20)), ("m/data/1", Data(count: 16))])
      )
      .contains("first has 20 bytes instead of the 6 values it claims"))
    #expect(
      try refusal(TorchWriter.archive([("m/data.pkl", Data("K\u{1}.".utf8))])).contains("torch.save(model.state_dict()")
    )
    #expect(
      try refusal(TorchWriter.archive([("m/data.pkl", Data("}(X\u{1}\0\0\0kK\u{1}u.".utf8))])).contains(
        "its keys are k"))
    #expect(
      try refusal(TorchWriter.legacy(Self.tensors).dropLast(1)).contains("the values of storage 93871 are truncated"))
  }

  @Test(arguments: ["nested-zip.pt", "nested-legacy.pt"])
  func `2,000 damaged checkpoints are read or refused, and never crash`(name: String) throws {
    let original = try Data(contentsOf: URL(fileURLWithPath: fixture(name)))
    let folder = try TemporaryFolder()
    var refused = 0
    for seed in UInt64(0)..<2000 {
      var mutator = Mutator(seed: seed)
      let changed = try folder.write(mutator.mutated(original))
      do {
        for tensor in try Checkpoint(path: changed).tensors.values { _ = tensor.values() }
      } catch {
        refused += 1
      }
    }
    #expect((600..<2000).contains(refused))
  }
}
