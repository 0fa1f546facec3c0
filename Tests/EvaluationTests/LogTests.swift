import Foundation
import Basics
import TestSupport
import Testing

@testable import Evaluation

struct CSVLogTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `a log has its header once and one row per step, with empty cells for missing values`() throws {
    let log = try CSVLog(path: folder.file("log.csv"), columns: ["loss", "accuracy"])
    try log.append(step: 1, ["loss": 0.1, "accuracy": 0.5])
    try log.append(step: 2, ["loss": 1e-9])
    try log.flush()
    #expect(try folder.text("log.csv") == "step,loss,accuracy\n1,0.1,0.5\n2,1e-09,\n")
  }

  @Test func `numbers are read back bit for bit, including NaN and infinity`() throws {
    let values = [0.1 + 0.2, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity, .nan, 0]
    let log = try CSVLog(path: folder.file("log.csv"), columns: ["loss"])
    for (step, value) in values.enumerated() { try log.append(step: step, ["loss": value]) }
    let read = try CSVTable.read(folder.file("log.csv")).points("loss")
    #expect(read.map(\.x) == [0, 1, 2, 3, 4, 5, 6])
    #expect(read.map(\.y).map { $0.isNaN ? "nan" : "\($0)" } == values.map { $0.isNaN ? "nan" : "\($0)" })
  }

  @Test func `a resumed log equals one that was never interrupted`() throws {
    func log(_ name: String, _ steps: ClosedRange<Int>, resuming: Int? = nil) throws {
      let log = try CSVLog(path: folder.file(name), columns: ["loss"], resumingBefore: resuming)
      for step in steps { try log.append(step: step, ["loss": 1 / Double(step)]) }
    }
    try log("whole.csv", 1...9)
    try log("cut.csv", 1...7)
    // Killed in step 8 while writing the row; the checkpoint is from step 5.
    let cut = try folder.text("cut.csv") + "8,0.1"
    _ = try folder.write(cut, as: "cut.csv")
    try log("cut.csv", 6...9, resuming: 6)
    #expect(try folder.text("cut.csv") == folder.text("whole.csv"))
  }

  @Test func `a new log replaces an old one, and a resumed one may start without a file`() throws {
    _ = try folder.write("step,loss\n1,5\n", as: "log.csv")
    _ = try CSVLog(path: folder.file("log.csv"), columns: ["loss"])
    #expect(try folder.text("log.csv") == "step,loss\n")
    _ = try CSVLog(path: folder.file("other.csv"), columns: ["loss"], resumingBefore: 4)
    #expect(try folder.text("other.csv") == "step,loss\n")
  }

  @Test func `a log with other columns is not continued`() throws {
    let path = try folder.write("step,loss\n1,5\n", as: "log.csv")
    let error = #expect(throws: EvaluationError.self) {
      _ = try CSVLog(path: path, columns: ["loss", "attention"], resumingBefore: 2)
    }
    #expect(
      error?.description == """
        \(path) has the columns loss but this run logs loss, attention; move the file away or give the run a folder of \
        its own
        """)
    #expect(try folder.text("log.csv") == "step,loss\n1,5\n")
  }

  @Test(arguments: [
    ("", 1, "the first column is not 'step'"),
    ("a,b\n", 1, "the first column is not 'step'"),
    ("step,a,a\n", 1, "two columns have the same name"),
    ("step,a\n1,2\n1,2,3\n", 3, "3 cells under 2 columns"),
    ("step,a\nx,2\n", 2, "'x' is not a step"),
    ("step,a\n1,two\n", 2, "'two' is not a number"),
  ])
  func `a damaged log is refused with its line`(text: String, line: Int, reason: String) throws {
    let path = try folder.write(text)
    #expect(throws: EvaluationError.malformed(path: path, line: line, reason: reason)) { try CSVTable.read(path) }
  }
}

struct TensorBoardTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// From RFC 3720, appendix B.4, and the usual check value.
  @Test(arguments: [
    ([UInt8](repeating: 0, count: 32), 0x8a91_36aa), ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
    ([UInt8](0..<32), 0x46dd_794e), (Array("123456789".utf8), 0xe306_9283), ([], 0),
  ])
  func `CRC-32C checksums match the standard`(bytes: [UInt8], checksum: Int) {
    #expect(CRC32C.checksum(bytes) == UInt32(checksum))
  }

  /// The expected bytes are those that TensorBoard's own RecordWriter produces for the same events.
  @Test func `the event file's bytes match those that TensorBoard writes`() throws {
    let writer = try TensorBoardWriter(directory: folder.file("run"), resumingBefore: 40, wallTime: 1_700_000_000.25)
    let path = writer.path
    try writer.scalar("loss/total", 1.25, step: 300, wallTime: 1_700_000_001.5)
    try writer.flush()
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(
      bytes.map { String(format: "%02x", $0) }.joined() == """
        1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9\
        0f000000000000006d532b090900001040fc54d94110283a0208011ca66d58\
        2100000000000000017becf60900006040fc54d94110ac022a130a110a0a6c6f73732f746f74616c150000a03fe059e857
        """)
  }

  @Test func `a run that starts in the same second has a separate event file`() throws {
    let paths = try (0..<3).map { _ in try TensorBoardWriter(directory: folder.path, wallTime: 1_700_000_000).path }
    #expect(Set(paths).count == 3)
    for path in paths {
      let name = path.split(separator: "/").last ?? ""
      #expect(name.hasPrefix("events.out.tfevents.1700000000.") && name.contains(".adl"))
    }
  }

  @Test func `the error for a log folder that cannot be created names it`() throws {
    let path = try folder.write("a file") + "/run"
    let error = #expect(throws: EvaluationError.self) { _ = try TensorBoardWriter(directory: path) }
    #expect(error?.description.hasPrefix("cannot write \(path): ") ?? false)
  }
}

struct TrainingProgressTests {
  /// What a progress line showed.
  private final class Screen { var text = "" }

  private func step(_ step: Int, epoch: Int = 1, losses: [(String, Double)] = [("loss", 1.23456)])
    -> TrainingProgress.Step
  {
    TrainingProgress.Step(
      epoch: epoch, epochs: 2, step: step, stepsPerEpoch: 100, losses: losses, clips: 4, seconds: 2, waitSeconds: 0.5)
  }

  @Test func `a terminal shows epoch, steps, losses, rate, waiting and time left`() {
    let screen = Screen()
    var line = TrainingProgress(ProgressLine(style: .terminal(columns: 120)) { screen.text += $0 })
    line.update(step(25, losses: [("cross-entropy", 1.23456), ("attention", 0.0123)]))
    #expect(
      screen.text == """
        \repoch 1/2  █████···············   25/100  cross-entropy 1.235  attention 0.0123  2 clips/s  25 % waiting  \
        5:50 left\u{1B}[K
        """)
  }

  @Test(arguments: [100, 80, 60, 20, 1])
  func `the training progress line never wraps`(columns: Int) {
    let screen = Screen()
    var line = TrainingProgress(ProgressLine(style: .terminal(columns: columns)) { screen.text += $0 })
    line.update(step(25))
    let shown = screen.text.replacing("\r", with: "").replacing("\u{1B}[K", with: "")
    #expect(shown.count <= max(1, columns - 1))
    #expect(shown.contains("█") == (columns >= 100))
  }

  @Test func `progress lines are drawn at the interval and at the end`() {
    let screen = Screen()
    var line = TrainingProgress(ProgressLine(style: .log, interval: .seconds(30)) { screen.text += $0 })
    let begin = ContinuousClock.now
    for second in 0..<100 { line.update(step(second + 1, epoch: 2), now: begin + .seconds(second)) }
    // After 0, 30, 60 and 90 seconds, and the last step.
    let lines = screen.text.split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines.last == "epoch 2/2  100/100  loss 1.235  2 clips/s  25 % waiting  0:00 left")
  }

  @Test func `the training progress line's rate follows recent steps`() {
    let screen = Screen()
    var line = TrainingProgress(ProgressLine(style: .log, interval: .zero) { screen.text += $0 })
    for _ in 0..<100 { line.update(step(1)) }
    var faster = step(1)
    faster.seconds = 0.5
    faster.waitSeconds = 0
    for _ in 0..<1000 { line.update(faster) }
    #expect(screen.text.hasSuffix("8 clips/s  0 % waiting  1:40 left\n") || screen.text.contains("7.99"))
  }

  @Test func `names and messages cannot control the terminal, and unknown values do not crash`() {
    let screen = Screen()
    var line = TrainingProgress(ProgressLine(style: .log) { screen.text += $0 })
    line.note("clip \u{1B}[2J\nevil was skipped")
    line.update(
      TrainingProgress.Step(
        epoch: 0, epochs: 0, step: 0, stepsPerEpoch: 0, losses: [("\u{7}", .nan)], clips: 0, seconds: .infinity,
        waitSeconds: .infinity))
    line.update(step(1, losses: [("loss", .infinity)]))
    #expect(screen.text.hasPrefix("clip ?[2J?evil was skipped\n"))
    #expect(!screen.text.contains("\u{7}"))
  }

  @Test func `messages are printed above the training progress line`() {
    let screen = Screen()
    var line = TrainingProgress(
      ProgressLine(style: .terminal(columns: 60), interval: .seconds(9)) { screen.text += $0 })
    let now = ContinuousClock.now
    line.update(step(1), now: now)
    line.note("checkpoint written")
    #expect(screen.text.hasSuffix("\u{1B}[K\r\u{1B}[Kcheckpoint written\n"))
    // Redrawn immediately.
    line.update(step(2), now: now)
    #expect(screen.text.hasSuffix("\u{1B}[K"))
  }
}
