import Basics
import Capture
import Foundation
import Inference
import ModelFile
import Pipeline
import Recognition
import Synthesis
import TestSupport
import Testing
import Video

@Suite struct `Recognition of files` {
  /// Recognises with the model of rendered people, which sees the whole picture.
  private func recognize(_ source: String) throws -> FileRecognition.Result {
    let model = try StudentModel(path: Programs.peopleModel)
    var options = PipelineOptions(model.card, view: .scene)
    options.hop = 2
    var scoring = ScoringOptions()
    scoring.precision = .f32
    scoring.mode = .incremental(hop: options.hop)
    let scorer = try WindowScorer(model, scoring)
    return try FileRecognition(scorer, options).run(
      SourceDescription(parsing: source, adding: [SyntheticSource.self]).open())
  }

  /// Onsets of walking, in seconds.
  private func walks(_ result: FileRecognition.Result) throws -> [Double] {
    let labels = try StudentModel(path: Programs.peopleModel).card.labels
    return result.scene.activities.filter { labels[$0.index] == "Walk" }.map { $0.onset / .seconds(1) }
  }

  private static let truth = SyntheticStream(seconds: 8, of: [.walk], people: 1, seed: 3).truths

  @Test func `recognition finds a scene's activity near its time, whatever the rate`() throws {
    let begin = try #require(Self.truth.first { $0.action == .walk }?.begin)
    let reference = try #require(walks(recognize(Programs.walk(seconds: 8, rate: 10))).first)
    #expect(abs(reference - begin) < 1)
    for rate in [25, 50] {
      let found = try walks(recognize(Programs.walk(seconds: 8, rate: rate)))
      #expect(found.count == 1)
      // Windows start at every second sample, at 7.5 samples per second.
      #expect(abs((found.first ?? 0) - reference) <= 2 / 7.5 + 1e-6, "\(rate) fps: \(found) against \(reference)")
    }
  }

  @Test(.timeLimit(.minutes(3))) func `recognition finds the same in a stream's file as in the stream`() throws {
    let reference = try #require(walks(recognize(Programs.walk(seconds: 8, rate: 10))).first)
    let programs = try Programs()
    let written = try programs.run(
      "adl", "synth", "--out", programs.folder, "--stream", "8", "--seed", "3", "--activities", "Walk", "--rate", "10",
      "--size", "128x96")
    #expect(written.status == 0, "\(written.errors)")
    let found = try walks(recognize("\(programs.folder)/stream.avi"))
    #expect(abs((found.first ?? 0) - reference) <= 2 / 7.5 + 1e-6, "\(found) against \(reference)")
  }

  @Test(.timeLimit(.minutes(3))) func `recognition says that a recording was cut off or is damaged`() throws {
    let programs = try Programs()
    var random = SplitMix64(seed: 1)
    let pictures = (0..<60).map { _ in (0..<64 * 48 * 3).map { _ in UInt8.random(in: 0...255, using: &random) } }
    let path = "\(programs.folder)/film.mkv"
    let media = TestMedia(codec: "png", pixelFormat: "rgb24", size: FrameSize(width: 64, height: 48), rate: 10)
    try media.write(pictures, to: path)
    let film = try Data(contentsOf: URL(fileURLWithPath: path))
    func said(_ film: Data) throws -> String {
      try film.write(to: URL(fileURLWithPath: path))
      return try programs.run("adl", "recognize", path, "--model", Programs.peopleModel, "--precision", "f32").errors
    }
    let middle = film.count / 2
    #expect(try said(film) == "")
    #expect(try said(film.prefix(middle)).contains("of 00:06.0; it may have been cut off"))
    var damaged = film
    for index in middle..<middle + 40 { damaged[index] = 0x55 }
    #expect(try said(damaged).contains("the recording is damaged: "))
  }

  @Test func `a clip shorter than a window is repeated to fill one`() throws {
    let result = try recognize(Programs.walk(seconds: 1, rate: 15))
    #expect(result.wasRepeated)
    #expect(result.scene.windows.count == 1)
  }

  @Test func `adl recognize gives the same numbers twice`() throws {
    let source = Programs.walk(seconds: 4, rate: 10)
    let (one, other) = try (recognize(source), recognize(source))
    #expect(one.scene.windows.map(\.logits) == other.scene.windows.map(\.logits))
    #expect(one.scene.windows.count > 5)
  }

  @Test(.timeLimit(.minutes(5))) func `adl recognize prints JSON of the documented shape`() throws {
    let programs = try Programs()
    let outcome = try programs.run(
      "adl", "recognize", "synthetic:1?size=64x64&rate=15&length=4", "--model", programs.smallModel(), "--json",
      "--hop",
      "8", "--scene", "--threads", "1")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(Set(report.keys) == ["windows", "activities", "verdict", "model"])
    let windows = try #require(report["windows"] as? [[String: Any]])
    #expect(windows.compactMap { $0["firstFrame"] as? Int } == Array(stride(from: 0, through: 40, by: 8)))
    let first = try #require(windows.first)
    #expect(Set(first.keys) == ["firstFrame", "time", "end", "logits", "softmax", "top"])
    #expect(first["time"] as? Double == 0 && first["end"] as? Double == 1)
    #expect((first["logits"] as? [Double])?.count == 6)
    let softmax = try #require(first["softmax"] as? [Double])
    #expect(abs(softmax.reduce(0, +) - 1) < 1e-5)
    let verdict = try #require(report["verdict"] as? [String: Any])
    #expect(verdict["label"] as? String == "Lie")
    #expect(Set(try #require(report["model"] as? [String: Any]).keys) == ["name", "sha256"])
  }

  @Test(.timeLimit(.minutes(5))) func `adl recognize prints JSON about people of the documented shape`() throws {
    let programs = try Programs()
    // A person who walks in front of a fixed camera is all that the motion finder needs.
    let outcome = try programs.run(
      "adl", "recognize", Programs.walk(seconds: 12, rate: 10, size: "160x120"), "--model", Programs.peopleModel,
      "--threads", "1", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(Set(report.keys).isSubset(of: ["people", "verdict", "model"]))
    let people = try #require(report["people"] as? [[String: Any]])
    let walker = try #require(people.max { length($0) < length($1) })
    #expect(Set(walker.keys).isSuperset(of: ["id", "since", "until", "boxes", "windows", "activities"]))
    #expect(length(walker) > 4)
    let boxes = try #require(walker["boxes"] as? [[String: Double]])
    #expect(boxes.allSatisfy { Set($0.keys) == ["time", "x", "y", "width", "height"] })
    #expect(boxes.allSatisfy { box in box.allSatisfy { $0.key == "time" || (0...1).contains($0.value) } })
  }

  private func length(_ person: [String: Any]) -> Double {
    (person["until"] as? Double ?? 0) - (person["since"] as? Double ?? 0)
  }

  @Test(.timeLimit(.minutes(5)))
  func `adl recognize refuses to end an activity above the probability at which it starts`() throws {
    let programs = try Programs()
    let outcome = try programs.run(
      "adl", "recognize", "synthetic:1?length=2", "--model", Programs.peopleModel, "--off", "0.7")
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("--off is 0.7; it must be at most --on (0.6)"), "\(outcome.errors)")
  }

  @Test(.timeLimit(.minutes(5))) func `adl recognize ends with status 65 and a reason for unusable files`() throws {
    let programs = try Programs()
    let text = try programs.write("this is no video", to: "notes.avi")
    let broken = try programs.run("adl", "recognize", text, "--model", Programs.peopleModel)
    #expect(broken.status == 65)
    #expect(broken.errors.hasPrefix("adl: cannot read \(text): "))
    let model = try programs.run("adl", "recognize", "synthetic:1?length=2", "--model", text)
    #expect(model.status == 65)
    #expect(model.errors == "adl: \(text) is damaged or in another format: it has no safetensors header\n")
  }
}

@Suite struct `Checkpoints of PyTorch` {
  /// A Python that can import torch: `ADL_PYTHON`, or `python3`.
  private static let python: String? = {
    let candidates = [ProcessInfo.processInfo.environment["ADL_PYTHON"], "/usr/bin/python3", "/usr/local/bin/python3"]
    return candidates.compactMap(\.self).first { candidate in
      guard FileManager.default.isExecutableFile(atPath: candidate) else { return false }
      let process = Process()
      process.executableURL = URL(fileURLWithPath: candidate)
      process.arguments = ["-c", "import torch, numpy"]
      process.standardError = FileHandle.nullDevice
      do { try process.run() } catch { return false }
      process.waitUntilExit()
      return process.terminationStatus == 0
    }
  }()

  @Test(
    .enabled(if: python != nil, "no Python with torch and numpy; set ADL_PYTHON to one"), .timeLimit(.minutes(5)))
  func `imported PyTorch weights give PyTorch's own logits`() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    process.arguments = [
      "-B", "\(Programs.package)/Tests/PyTorchParity/run", "--adl", "\(Programs.products)/adl", "--width", "0.25",
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
