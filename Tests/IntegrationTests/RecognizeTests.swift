import Capture
import Foundation
import Inference
import ModelFile
import Pipeline
import Recognition
import Testing

@Suite struct `Recognition of files` {
  private func recognize(_ source: String, _ edit: (inout PipelineOptions) -> Void = { _ in }) throws
    -> FileRecognition.Result
  {
    let model = try StudentModel(path: Programs.demoModel)
    var options = PipelineOptions(model.card, view: .scene)
    options.hop = 4
    edit(&options)
    let scorer = try WindowScorer(model, precision: .f32, threads: 1)
    return try FileRecognition(scorer, options).run(SourceDescription(parsing: source).open())
  }

  /// Label and onset of each activity.
  private func timeline(_ result: FileRecognition.Result) throws -> [(label: String, onset: Duration, offset: Duration)]
  {
    let labels = try StudentModel(path: Programs.demoModel).card.labels
    return result.scene.activities.map { (labels[$0.index], $0.onset, $0.offset) }
  }

  private static let scene = "size=320x240&length=24&pace=fastest&script=walk:6,sit:6,wave:6,lie:6"

  @Test func `finds the activities of a scene in their order and near their times`() throws {
    let found = try timeline(recognize("synthetic:5003?rate=30&\(Self.scene)"))
    #expect(found.map(\.label) == ["Walk", "Sit", "Wave", "Lie"])
    for (index, activity) in found.enumerated().dropFirst() {
      let truth = Duration.seconds(6 * index)
      #expect(abs(activity.onset / .seconds(1) - truth / .seconds(1)) < 1, "\(activity) against \(truth)")
    }
  }

  @Test func `same scene at 10, 25 and 60 frames a second gives the same activities within one sample`() throws {
    let reference = try timeline(recognize("synthetic:5003?rate=30&\(Self.scene)"))
    let sample = Duration.seconds(1) / 15
    for rate in [10, 25, 60] {
      let found = try timeline(recognize("synthetic:5003?rate=\(rate)&\(Self.scene)"))
      #expect(found.map(\.label) == reference.map(\.label), "\(rate) fps")
      for (one, other) in zip(found, reference) {
        #expect(one.onset - other.onset <= sample && other.onset - one.onset <= sample, "\(rate) fps: \(one), \(other)")
      }
    }
  }

  @Test(.timeLimit(.minutes(3))) func `same scene written to a file gives the same activities within one sample`()
    throws
  {
    let reference = try timeline(recognize("synthetic:5003?rate=30&\(Self.scene)"))
    let programs = try Programs()
    let film = "\(programs.folder)/scene.avi"
    let written = try programs.run(
      "camera-probe", "synthetic:5003?rate=25&format=yuyv&\(Self.scene)", "--rate", "25", "--frames", "600", "--film",
      film)
    #expect(written.status == 0, "\(written.errors)")
    let found = try timeline(recognize(film))
    #expect(found.map(\.label) == reference.map(\.label))
    for (one, other) in zip(found, reference) {
      #expect(abs(one.onset / .seconds(1) - other.onset / .seconds(1)) <= 1.0 / 15, "\(one), \(other)")
    }
  }

  @Test func `same frames as MJPEG and as YUYV are recognised alike`() throws {
    let reference = try timeline(recognize("synthetic:5003?rate=30&\(Self.scene)"))
    for format in ["yuyv", "mjpeg", "nv12"] {
      let found = try timeline(recognize("synthetic:5003?rate=30&format=\(format)&\(Self.scene)"))
      #expect(found.map(\.label) == reference.map(\.label), "\(format)")
    }
  }

  @Test func `a clip shorter than a window is repeated to fill one`() throws {
    let result = try recognize("synthetic:5003?rate=30&size=320x240&length=1&pace=fastest&script=sit:6")
    #expect(result.wasRepeated)
    #expect(result.scene.windows.count == 1)
  }

  @Test func `recognising twice gives the same numbers`() throws {
    let source = "synthetic:5003?rate=25&size=160x120&length=5&pace=fastest"
    let (one, other) = try (recognize(source), recognize(source))
    #expect(one.scene.windows.map(\.logits) == other.scene.windows.map(\.logits))
    #expect(one.scene.windows.count > 5)
  }

  @Test(.timeLimit(.minutes(5))) func `JSON has the promised shape`() throws {
    let programs = try Programs()
    let outcome = try programs.run(
      "adl", "recognize", "synthetic:5003?size=160x120&length=6&script=sit:6", "--model", Programs.demoModel, "--json",
      "--hop", "8", "--scene")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try #require(JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(Set(report.keys) == ["windows", "activities", "verdict", "model"])
    let windows = try #require(report["windows"] as? [[String: Any]])
    #expect(windows.compactMap { $0["firstFrame"] as? Int } == Array(stride(from: 0, through: 56, by: 8)))
    let first = try #require(windows.first)
    #expect(Set(first.keys) == ["firstFrame", "time", "logits", "softmax", "top"])
    #expect((first["logits"] as? [Double])?.count == 6)
    let softmax = try #require(first["softmax"] as? [Double])
    #expect(abs(softmax.reduce(0, +) - 1) < 1e-5)
    let verdict = try #require(report["verdict"] as? [String: Any])
    #expect(verdict["label"] as? String == "Sit")
    #expect(Set(try #require(report["model"] as? [String: Any]).keys) == ["name", "sha256"])
  }

  @Test(.timeLimit(.minutes(5))) func `JSON of people has the promised shape`() throws {
    let programs = try Programs()
    // The drawn figure moves before a still wall, which is all that the finder of motion needs.
    let outcome = try programs.run(
      "adl", "recognize", "synthetic:5003?size=320x240&length=14&script=empty:4,walk:10", "--model",
      Programs.demoModel, "--json")
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

  @Test(.timeLimit(.minutes(5))) func `unusable files end with status 65 and a reason`() throws {
    let programs = try Programs()
    let text = try programs.write("this is no video", to: "notes.avi")
    let broken = try programs.run("adl", "recognize", text, "--model", Programs.demoModel)
    #expect(broken.status == 65)
    #expect(broken.errors.hasPrefix("adl: cannot read \(text): "))
    let model = try programs.run("adl", "recognize", "synthetic:1?length=2", "--model", text)
    #expect(model.status == 65)
    #expect(model.errors == "adl: \(text) is damaged or of another kind: it has no safetensors header\n")
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
  func `imported weights give PyTorch's own logits`() throws {
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
