import Basics
import Foundation
import TestSupport
import Testing

@testable import ModelFile

@Suite struct SafetensorsTests {
  private func file(_ header: String, _ content: Data = Data()) -> Data {
    TorchWriter.little(UInt64(header.utf8.count)) + Data(header.utf8) + content
  }

  private func refusal(_ content: Data) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(content)
    let error = #expect(throws: ModelFileError.self) { try SafetensorsFile(path: path) }
    return error.map { "\($0)".replacing(path, with: "FILE") } ?? ""
  }

  @Test(arguments: [ElementType.float32, .float16, .bfloat16], [UInt64(1), 2, 3])
  func `safetensors files are read back as they were written`(type: ElementType, seed: UInt64) throws {
    let folder = try TemporaryFolder()
    var random = SplitMix64(seed: seed)
    var tensors: [(name: String, type: ElementType, shape: [Int])] = []
    var values: [String: [Float]] = [:]
    for index in 0..<Int.random(in: 1...8, using: &random) {
      let shape = (0..<Int.random(in: 0...4, using: &random)).map { _ in Int.random(in: 0...4, using: &random) }
      let name = "tensor \"\(index)\" ü\n/\\"
      tensors.append((name, type, shape))
      values[name] = (0..<shape.reduce(1, *)).map { _ in Float(Int.random(in: -64...64, using: &random)) / 8 }
    }
    let metadata = ["key": "line\nquote\" slash/ tab\t 🎬", "": ""]
    let path = folder.file("model.safetensors")
    try SafetensorsFile.write(to: path, metadata: metadata, tensors: tensors) { values[$0] ?? [] }

    let read = try SafetensorsFile(path: path)
    #expect(read.metadata == metadata)
    #expect(read.entries.count == tensors.count)
    for tensor in tensors {
      let entry = try #require(read.entries[tensor.name])
      #expect(entry.shape == tensor.shape)
      #expect(entry.type.floats(read.bytes(of: entry)) == values[tensor.name])
    }
    let headerLength = try #require(read.file.bytes.integer(UInt64.self, at: 0))
    #expect((8 + headerLength) % 64 == 0)
    #expect(try folder.names == ["model.safetensors"])
  }

  @Test func `every inconsistency in a safetensors entry has its message`() throws {
    let four = Data(count: 4)
    #expect(
      try refusal(Data(count: 5)) == "FILE is damaged or in another format: 5 bytes are too few for a safetensors file")
    #expect(try refusal(TorchWriter.little(UInt64.max) + four).hasSuffix("it has no safetensors header"))
    #expect(try refusal(file("[]")).hasSuffix("it has no safetensors header"))
    for (header, reason) in [
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, "a has 4 bytes, which is not the size of F32 [2]"),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "a lies at 0..<8 of 4 bytes"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, "a lies at 4..<0 of 4 bytes"),
      (#"{"a":{"dtype":"F8","shape":[1],"data_offsets":[0,4]}}"#, "a has the unknown type F8"),
      (
        #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#,
        "a has 4 bytes, which is not the size of F32 [4611686018427387904, 4]"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
        "b overlaps another tensor"
      ),
      (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#, "the bytes before a belong to no tensor"),
      (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, "its last 2 bytes belong to no tensor"),
      (
        #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#,
        "its header: a appears twice"
      ),
      (
        #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        "its header: a has the entry dtype, which is unknown or appears twice"
      ),
      (#"{"a":{"dtype":"F32","shape":[1]}}"#, "its header: the entry of a lacks dtype, shape or data_offsets"),
      (#"{"__metadata__":{"a":1}}"#, "its header: the metadata entry a is not a text"),
    ] { #expect(try refusal(file(header, four)) == "FILE is damaged or in another format: \(reason)") }
  }

  @Test func `safetensors headers with invalid JSON are refused`() throws {
    for header in [
      "{", #"{"a"}"#, #"{"a":}"#, #"{"a":{"shape":[1.0]}}"#, #"{"a":{"shape":[true]}}"#, #"{"a":{"shape":[-1]}}"#,
      #"{"a":{"shape":[99999999999999999999]}}"#, #"{"a":{"shape":[[1]]}}"#, #"{"__metadata__":{"a":"\ud800"}}"#,
      #"{"__metadata__":{"a":"\x"}}"#, #"{"__metadata__":{"a":"\u12"}}"#, "{}x", #"{"__metadata__":{"a":"b",}}"#,
      "{\"__metadata__\":{\"a\":\"\u{1}\"}}",
    ] { #expect(try refusal(file(header)).contains("its header: "), "\(header)") }
    #expect(try refusal(TorchWriter.little(UInt64(3)) + Data([0x7b, 0x22, 0xff])).contains("its header: "))
  }

  @Test func `pipes, folders and missing files are refused at once`() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.file("pipe")
    unsafe #expect(mkfifo(pipe, 0o600) == 0)
    func reason(_ path: String) -> String {
      do {
        _ = try MappedFile(path: path)
        return "none"
      } catch {
        return "\(error)".replacing(path, with: "FILE")
      }
    }
    #expect(reason(pipe) == "cannot read FILE: it is not a regular file")
    #expect(reason(folder.path) == "cannot read FILE: it is a folder")
    #expect(reason("/dev/zero") == "cannot read FILE: it is not a regular file")
    #expect(reason(folder.file("absent")) == "cannot read FILE: No such file or directory")
  }

  @Test func `2,000 damaged safetensors files are read or refused, and never crash`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("original")
    try SafetensorsFile.write(
      to: path, metadata: ["adl.name": "x"],
      tensors: [("a", .float32, [2, 3]), ("b.weight", .float16, [4]), ("c", .float32, [])]
    ) { name in Array(repeating: 1, count: ["a": 6, "b.weight": 4][name] ?? 1) }
    let original = try Data(contentsOf: URL(fileURLWithPath: path))
    var refused = 0
    for seed in UInt64(0)..<2000 {
      var mutator = Mutator(seed: seed)
      let changed = try folder.write(mutator.mutated(original))
      do {
        let file = try SafetensorsFile(path: changed)
        for entry in file.entries.values { _ = entry.type.floats(file.bytes(of: entry)) }
      } catch {
        refused += 1
      }
    }
    #expect((1000..<2000).contains(refused))
  }
}
