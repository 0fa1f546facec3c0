import Evaluation
import Foundation
import ModelFile
import Testing
import Training

/// `adl-train` as people start it: killed, resumed, on several processes.
@Suite(.serialized) struct RunProcessTests {
  private static var program: String { beside("adl-train") }

  /// A program next to the tests.
  private static func beside(_ name: String) -> String {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: bundle).deletingLastPathComponent().path + "/" + name
  }

  private let recordings: RecordedDataset
  private var settings: String { recordings.folder + "/settings.yaml" }

  init() throws {
    recordings = try RecordedDataset()
    try """
    data: {dataset: ntu60, protocol: CS, videos: \(recordings.folder), workers: 1}
    clip: {frames: 16, size: 112}
    network: {width: 0.0625, dropout: 0}
    optimizer: {learningRate: 0.01}
    run: {epochs: 6, batch: 4, seed: 5, batchNorm: frozen, checkpointEvery: 1}
    """.write(toFile: settings, atomically: true, encoding: .utf8)
  }

  private func start(_ name: String, _ arguments: [String] = [], stage: [String] = ["rgb"]) throws -> (Process, Pipe) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.program)
    process.arguments = stage + ["--config", settings, "--out", run(name), "--threads", "1"] + arguments
    let messages = Pipe()
    process.standardError = messages
    try process.run()
    return (process, messages)
  }

  private func run(_ name: String) -> String { recordings.folder + "/" + name }

  /// Runs to the end and returns the output.
  @discardableResult
  private func complete(_ name: String, _ arguments: [String] = [], stage: [String] = ["rgb"]) throws -> String {
    let (process, messages) = try start(name, arguments, stage: stage)
    let text = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    return text
  }

  private func losses(_ name: String) throws -> [Double] {
    let table = try CSVTable.read(run(name) + "/log.csv")
    return table.points("loss").map(\.y)
  }

  /// Waits until that many steps are on disk.
  private func waitForSteps(_ count: Int, _ name: String, _ process: Process) async throws {
    while process.isRunning {
      let text = FileManager.default.contents(atPath: run(name) + "/log.csv").map {
        String(decoding: $0, as: UTF8.self)
      }
      if (text?.split(separator: "\n").count ?? 0) > count { return }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a killed run continues with exactly the losses of an uninterrupted one`() async throws {
    // Everything that draws random numbers or has memory.
    let everything = [
      "network.dropout=0.5", "augmentation.preset=strong", "run.averageDecay=0.9", "run.batch=2", "run.accumulate=2",
      "run.batchNorm=batch", "run.preciseNorm=2", "data.cache=memory",
    ].flatMap { ["--set", $0] }
    let said = try complete("whole", everything)
    #expect(said.contains("8 of 8 recordings stay decoded in memory"), "\(said)")
    var random = SystemRandomNumberGenerator()
    let step = Int.random(in: 2...9, using: &random)
    let (process, messages) = try start("killed", everything)
    try await waitForSteps(step, "killed", process)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    _ = messages.fileHandleForReading.readDataToEndOfFile()
    let text = try complete("killed", everything)
    #expect(text.contains("resuming at step"), "killed after step \(step): \(text)")
    #expect(try losses("killed") == losses("whole"), "killed after step \(step)")
    #expect(try losses("whole").count == 12)
    let bytes = FileManager.default.contents(atPath: run("whole") + "/last.safetensors")
    #expect(bytes != nil && bytes == FileManager.default.contents(atPath: run("killed") + "/last.safetensors"))
  }

  @Test(.timeLimit(.minutes(5)))
  func `two processes with half the batch equal one with the whole`() throws {
    let shared = ["--set", "run.epochs=10", "--set", "run.averageDecay=0.9"]
    try complete("one", ["--set", "run.batch=8"] + shared)
    try complete("two", ["--processes", "2"] + shared)
    try expectEqual("one", "two", steps: 10, tolerance: 1e-5)
  }

  /// Compares the losses and weights of two runs.
  private func expectEqual(_ one: String, _ two: String, steps: Int, tolerance: Double) throws {
    let (a, b) = (try losses(one), try losses(two))
    #expect(a.count == steps && b.count == steps)
    for (x, y) in zip(a, b) { #expect(abs(x - y) <= tolerance * abs(x)) }
    let (first, second) = (
      try SafetensorsFile(path: run(one) + "/last.safetensors"),
      try SafetensorsFile(path: run(two) + "/last.safetensors")
    )
    // All biases together: one that is still close to zero is mostly rounding error.
    var (difference, length) = (0.0, 0.0)
    for (name, entry) in first.entries where !name.hasPrefix("optimizer/") {
      let other = try #require(second.entries[name])
      let (a, b) = (entry.type.floats(first.bytes(of: entry)), other.type.floats(second.bytes(of: other)))
      for (x, y) in zip(a, b) {
        difference += Double(x - y) * Double(x - y)
        length += Double(x) * Double(x)
      }
    }
    #expect(length > 0)
    #expect((difference / length).squareRoot() <= tolerance)
  }

  @Test(.timeLimit(.minutes(10)))
  func `two processes equal one with both distillations, memory bank and partition functions`() throws {
    let small = ["pose.frames=20", "network.poseWidth=0.125", "run.epochs=2", "run.batch=8"].flatMap { ["--set", $0] }
    try complete("pose", small, stage: ["pose-teacher"])
    try complete("attention", small, stage: ["attention-teacher"])
    let student = [
      "start.poseTeacher=\(run("pose"))", "start.attentionTeacher=\(run("attention"))", "feature.dimension=16",
      "feature.negatives=6", "feature.weight=1", "attention.weight=10", "pose.frames=20", "run.epochs=8",
      // With 0.01, as elsewhere, the loss rises and amplifies rounding errors.
      "optimizer.learningRate=0.001",
      "run.averageDecay=0.9",
    ].flatMap { ["--set", $0] }
    let stage = ["student", "--distill", "both"]
    try complete("one", student + ["--set", "run.batch=8"], stage: stage)
    try complete("two", student + ["--processes", "2"], stage: stage)
    try expectEqual("one", "two", steps: 8, tolerance: 1e-4)
    let bank = try SafetensorsFile(path: run("two") + "/last.safetensors")
    let partitions = try #require(bank.entries["memory/bank.partitions"])
    #expect(partitions.type.floats(bank.bytes(of: partitions)).allSatisfy { $0 > 0 })
  }

  @Test(.timeLimit(.minutes(5)))
  func `a rank that dies stops the others, is named, and the run can continue`() async throws {
    let (process, messages) = try start("ranks", ["--processes", "2", "--set", "run.epochs=400"])
    try await waitForSteps(3, "ranks", process)
    let victim = try #require(children(of: process.processIdentifier).last)
    let begin = ContinuousClock.now
    kill(victim, SIGKILL)
    process.waitUntilExit()
    #expect(ContinuousClock.now - begin < .seconds(60))
    let text = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(text.contains(/rank [01] ended by signal 9; stopping the others/), "\(text)")
    #expect(process.terminationStatus == 75)
    let resumed = try complete(
      "ranks", ["--processes", "2", "--set", "run.epochs=400", "--set", "run.stopBelowRate=1"])
    #expect(resumed.contains("resuming at step"))
  }

  private func children(of parent: Int32) throws -> [Int32] {
    let text = try String(contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8)
    return text.split(separator: " ").compactMap { Int32($0) }
  }

  @Test(.timeLimit(.minutes(5)))
  func `evaluate and export use the checkpoint asked for, and export says if the temperature belongs to another`()
    throws
  {
    let validated = try RecordedDataset(validation: 4)
    let data = ["--set", "data.videos=\(validated.folder)"]
    try complete("whole", data)
    try complete("first", data + ["--set", "run.epochs=1"])
    // Whatever validation chose: an epoch that is not the last one.
    let best = run("whole") + "/best.safetensors"
    try? FileManager.default.removeItem(atPath: best)
    try FileManager.default.copyItem(atPath: run("first") + "/last.safetensors", toPath: best)

    func step() throws -> Int? { try CalibrationFile.read(RunFolder(run("whole")).calibration)?.step }
    func say(_ command: String, _ arguments: [String]) throws -> String {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Self.program)
      process.arguments = [command, "--run", run("whole"), "--threads", "1"] + arguments
      let messages = Pipe()
      process.standardOutput = FileHandle.nullDevice
      process.standardError = messages
      try process.run()
      let text = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(text)")
      return text
    }
    let evaluation = ["--partition", "validation", "--windows", "paper"]
    _ = try say("evaluate", evaluation)
    #expect(try step() == 2)
    _ = try say("evaluate", evaluation + ["--checkpoint", "last"])
    #expect(try step() == 12)

    let model = recordings.folder + "/model.safetensors"
    func exported(_ arguments: [String]) throws -> (said: String, training: String?) {
      let said = try say("export", ["--out", model, "--clips", "1"] + arguments)
      return (said, try StudentModel(path: model).card.training)
    }
    let last = try exported(["--checkpoint", "last"])
    #expect(!last.said.contains("temperature"), "\(last.said)")
    #expect(last.training?.contains("step 12") == true)
    let first = try exported([])
    #expect(first.training?.contains("step 2") == true)
    #expect(
      first.said.contains(
        "the temperature was fitted to step 12, but this checkpoint is of step 2; "
          + "`adl-train evaluate --checkpoint best` fits it anew"), "\(first.said)")
  }

  @Test(.timeLimit(.minutes(5)))
  func `Ctrl-C writes a checkpoint, and the same command continues`() async throws {
    try complete("quiet")
    let (process, messages) = try start("interrupted")
    try await waitForSteps(2, "interrupted", process)
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    let text = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(process.terminationStatus == 75, "\(text)")
    #expect(text.contains("run the same command again to continue"))
    try complete("interrupted")
    #expect(try losses("interrupted") == losses("quiet"))
  }

  @Test func `missing inputs are named, with the exit status for their kind`() throws {
    func failing(_ arguments: [String], program: String = Self.program) throws -> (status: Int32, text: String) {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = arguments
      let messages = Pipe()
      process.standardError = messages
      try process.run()
      let text = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      return (process.terminationStatus, text)
    }
    let out = recordings.folder + "/nothing"
    let noTeacher = try failing(["student", "--distill", "feature", "--config", settings, "--out", out])
    #expect(noTeacher.status == 65)
    #expect(noTeacher.text.contains("student --distill feature needs a trained pose-teacher: set start.poseTeacher"))
    let noFolder = try failing(["rgb", "--config", settings, "--out", out, "--set", "data.videos=/nowhere"])
    #expect(noFolder.status == 65)
    #expect(noFolder.text == "Error: /nowhere is missing: data.videos is the folder of the recordings\n")
    let badSetting = try failing(["rgb", "--config", settings, "--out", out, "--set", "run.epoch=3"])
    #expect(badSetting.status == 78)
    #expect(badSetting.text.contains("run.epoch is not a setting; did you mean epochs?"), "\(badSetting.text)")
    let noRun = try failing(["evaluate", "--run", out])
    #expect(noRun.status == 65)
    #expect(noRun.text == "Error: \(out) cannot be used: it is not a run folder: it has no settings.yaml\n")
    let handedOver = try failing(["train", "evaluate", "--run", out], program: Self.beside("adl"))
    #expect(handedOver == noRun, "adl train runs adl-train")
  }
}
