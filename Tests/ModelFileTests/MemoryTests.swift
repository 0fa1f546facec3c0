import Foundation
import Glibc
import Testing

@testable import ModelFile

@Suite struct MemoryTests {
  @Test func `32 MB of hostile file cost at most twice as much again`() async {
    await #expect(processExitsWith: .success) {
      let size = 32 << 20
      let folder = try TestFolder()
      let soup = Data(repeating: UInt8(ascii: ")"), count: size)
      let legacy = TorchWriter.legacy([]).prefix(15) + soup
      let archive = TorchWriter.archive([("m/data.pkl", soup)])
      let entries = (0..<250_000).map { #""\#($0)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"# }
      let header = Data("{\(entries.joined(separator: ","))}".utf8)
      let axes = Data((#"{"a":{"dtype":"U8","shape":["# + String(repeating: "0,", count: 7_000_000)).utf8)
      let paths = try [
        folder.write(legacy, as: "legacy"), folder.write(archive, as: "zip"),
        folder.write(TorchWriter.little(UInt64(header.count)) + header, as: "entries"),
        folder.write(TorchWriter.little(UInt64(axes.count)) + axes, as: "axes"),
      ]
      // What the process has mapped by now, plus the file itself and twice its size.
      let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ").first
      let mapped = try #require(pages.flatMap { rlim_t($0) }) * rlim_t(getpagesize())
      let most = mapped + 3 * rlim_t(size)
      var limit = rlimit(rlim_cur: most, rlim_max: most)
      unsafe #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      for path in paths {
        let error = #expect(throws: ModelFileError.self) { try Checkpoint(path: path) }
        // A mapping that fails would hide what reading takes.
        if case .cannotRead = error { Issue.record("\(path) could not be mapped") }
      }
    }
  }
}
