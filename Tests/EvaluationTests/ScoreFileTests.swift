import Basics
import Foundation
import TestSupport
import Testing

@testable import Evaluation

struct ScoreFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `scores are read back bit for bit`() throws {
    var random = SplitMix64(seed: 5)
    let clips = (0..<20).map { index in
      ScoredClip(
        name: "Cook.Cut_p02 \"\(index)\", ö/\u{1F373}", label: index % 3,
        windows: (0..<1 + index % 4).map { _ in (0..<3).map { _ in Float.random(in: -1e3...1e3, using: &random) } })
    }
    let extreme = ScoredClip(
      name: "extreme", label: 0, windows: [[.greatestFiniteMagnitude, -.leastNonzeroMagnitude, 0.1]])
    let written = try scores(clips + [extreme])
    try written.write(folder.file("scores.jsonl"))
    #expect(try ScoreFile.read(folder.file("scores.jsonl")) == written)
  }

  @Test func `a score file has a header line and one line per clip`() throws {
    try scores([ScoredClip(name: "x", label: 1, windows: [[0.5, -2]])]).write(folder.file("scores.jsonl"))
    #expect(
      try folder.text("scores.jsonl") == """
        {"clips":1,"dataset":"Smarthome","format":"adl.scores","labels":["A","B"],"partition":"test","protocol":"CS",\
        "system":"I3D","version":1}
        {"label":1,"name":"x","windows":[[0.5,-2]]}

        """)
  }

  @Test(arguments: [
    ("", "line 1: it is empty"),
    ("not json\n", "line 1: The given data was not valid JSON."),
    ("{}\n", "line 1: 'format' is missing"),
    ("{\"clips\":1}\n", "line 1: 'format' is missing"),
    (header(clips: 2, format: "adl.events"), "line 1: it is 'adl.events' version 1, not 'adl.scores' version 1"),
    (header(clips: 2) + "{\"label\":0,\"name\":\"x\",\"windows\":[[1,2]]}\n", "line 2: 1 clips follow instead of 2"),
    (header(clips: 1) + "{\"label\":0,\"name\":\"x\"}\n", "line 2: 'windows' is missing"),
    (header(clips: 1) + "{\"label\":0,\"name\":\"x\",\"windows\":[[1,\"a\"]]}\n", "line 2: no Float at windows.0.1"),
    (
      header(clips: 1) + "{\"label\":0,\"name\":\"x\",\"windows\":[[1,1e99]]}\n",
      "line 2: The given data was not valid JSON."
    ),
    (
      header(clips: 1) + "{\"label\":0,\"name\":\"x\",\"windows\":[[1,2]\n",
      "line 2: The given data was not valid JSON."
    ),
  ])
  func `a damaged score file is refused with line and reason`(text: String, message: String) throws {
    let path = try folder.write(text)
    let error = #expect(throws: EvaluationError.self) { try ScoreFile.read(path) }
    let description = try #require(error).description
    #expect(description.hasPrefix("\(path), \(message)"), "\(description)")
  }

  @Test func `a missing score file, a folder and a device are refused`() throws {
    for path in [folder.file("missing"), folder.path, "/dev/zero"] {
      let error = #expect(throws: EvaluationError.self) { try ScoreFile.read(path) }
      #expect(error?.description.hasPrefix("cannot read \(path): ") ?? false)
    }
  }

  @Test func `endless nesting in a score file is refused`() throws {
    let path = try folder.write(String(repeating: "[", count: 200_000))
    #expect(throws: EvaluationError.self) { try ScoreFile.read(path) }
  }

  @Test(arguments: [
    (ScoredClip(name: "x", label: 2, windows: [[1, 2]]), "clip x: activity 2 is not among the 2 labels"),
    (ScoredClip(name: "x", label: -1, windows: [[1, 2]]), "clip x: activity -1 is not among the 2 labels"),
    (ScoredClip(name: "x", label: 0, windows: []), "clip x: it has no windows"),
    (ScoredClip(name: "x", label: 0, windows: [[1, 2], [1]]), "clip x: window 1 has 1 logits for 2 labels"),
    (ScoredClip(name: "x", label: 0, windows: [[1, .nan]]), "clip x: window 0 has a logit that is not finite"),
    (ScoredClip(name: "good", label: 0, windows: [[1, 2]]), "clip good appears twice"),
  ])
  func `scores that cannot be evaluated are refused by clip`(bad: ScoredClip, reason: String) throws {
    let good = ScoredClip(name: "good", label: 0, windows: [[1, 2]])
    #expect(throws: EvaluationError.unsuitable(system: "I3D", reason: reason)) { try scores([good, bad]) }
  }

  @Test func `a score file that cannot be written leaves the old one`() throws {
    let file = try scores([clip("x", 0, [0.5, 0.5])])
    let error = #expect(throws: EvaluationError.self) { try file.write(folder.file("missing/scores.jsonl")) }
    #expect(error == .cannotWrite(path: folder.file("missing/scores.jsonl"), reason: "No such file or directory"))
  }

  @Test(arguments: [21, 22, 23, 24] as [UInt64])
  func `score files with any damage are read or refused, and never crash`(seed: UInt64) throws {
    try fiveClips().write(folder.file("scores.jsonl"))
    let original = Array(try folder.text("scores.jsonl").utf8)
    var random = SplitMix64(seed: seed)
    var refused = 0
    for _ in 0..<300 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes.removeSubrange(at...)
        case 2: bytes[at] = Array("[]{},:\"0e-\n".utf8).randomElement(using: &random) ?? 0
        default: bytes.insert(contentsOf: bytes[at..<min(at + 40, bytes.count)], at: at)
        }
      }
      let path = folder.file("damaged")
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do throws(EvaluationError) {
        // Whatever is read can be evaluated.
        _ = EvaluationResult(try ScoreFile.read(path), pooling: .paper)
      } catch {
        refused += 1
        #expect(!error.description.isEmpty)
      }
    }
    #expect(refused > 200)
  }

  private static func header(clips: Int, format: String = "adl.scores") -> String {
    """
    {"clips":\(clips),"dataset":"d","format":"\(format)","labels":["A","B"],"partition":"test","protocol":"CS",\
    "system":"I3D","version":1}\n
    """
  }
}
