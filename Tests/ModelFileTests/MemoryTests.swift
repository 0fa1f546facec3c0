import Foundation
import Glibc
import TestSupport
import Testing

@testable import ModelFile

@Suite struct MemoryTests {
  @Test(.disabled(if: runsUnderAddressSanitizer, "the sanitizer itself needs more addresses than the limit"))
  func `a 32 MB hostile file costs at most twice that memory in addition`() async {
    await #expect(processExitsWith: .success) {
      let size = 32 << 20
      let folder = try TemporaryFolder()
      let soup = Data(repeating: UInt8(ascii: ")"), count: size)
      let legacy = TorchWriter.legacy([]).prefix(15) + soup
      let archive = TorchWriter.archive([("m/data.pkl", soup)])
      let entries = (0..<250_000).map { #""\#($0)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"# }
      let header = Data("{\(entries.joined(separator: ","))}".utf8)
      let axes = Data((#"{"a":{"dtype":"U8","shape":["# + String(repeating: "0,", count: 7_000_000)).utf8)
      // 30,000 arrays under seven keys of 20,000 bytes, and a list of 60,000 pairs copied 30,000 times.
      var names = PickleWriter()
      for key in ["params"] + Array(repeating: String(repeating: "k", count: 20_000), count: 7) {
        names.op("}")
        names.text(key)
      }
      names.op("}")
      names.text("first")
      names.array(WrittenArray(path: [], shape: [1], content: Data(count: 4)))
      names.raw(UInt8(ascii: "r"), 0, 0, 0, 1)
      names.op("s")
      for name in 0..<30_000 {
        names.text("\(name)")
        names.raw(UInt8(ascii: "j"), 0, 0, 0, 1)
        names.op("s")
      }
      for _ in 0..<8 { names.op("s") }
      names.op(".")
      var copies = PickleWriter()
      copies.op("]")
      copies.put()
      copies.op("(")
      copies.tuple([1, 2])
      for _ in 0..<60_000 { copies.raw(UInt8(ascii: "h"), 1) }
      copies.op("e")
      for _ in 0..<30_000 {
        copies.global("collections", "OrderedDict")
        copies.raw(UInt8(ascii: "h"), 0, 0x85)
        copies.op("R")
      }
      let paths = try [
        folder.write(Data([0x80, 4]) + soup, as: "numpy"), folder.write(Data(names.bytes), as: "names"),
        folder.write(Data(copies.bytes), as: "copies"),
        folder.write(legacy, as: "legacy"), folder.write(archive, as: "zip"),
        folder.write(TorchWriter.little(UInt64(header.count)) + header, as: "entries"),
        folder.write(TorchWriter.little(UInt64(axes.count)) + axes, as: "axes"),
      ]
      // What the process has mapped so far, plus the file itself and twice its size.
      let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ").first
      let mapped = try #require(pages.flatMap { rlim_t($0) }) * rlim_t(getpagesize())
      let most = mapped + 3 * rlim_t(size)
      var limit = rlimit(rlim_cur: most, rlim_max: most)
      unsafe #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      for path in paths {
        let error = #expect(throws: ModelFileError.self) { try Checkpoint(path: path) }
        // A failed mapping would hide the memory needed for reading.
        if case .cannotRead = error { Issue.record("\(path) could not be mapped") }
      }
    }
  }
}
