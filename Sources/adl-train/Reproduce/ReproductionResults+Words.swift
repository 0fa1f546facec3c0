import Basics
import Evaluation
import Foundation

/// The text around the table.
extension ReproductionResults {
  func facts(_ records: [String: ReproductionRunner.Record]) -> [HTMLReport.Fact] {
    let budget = plan.budget
    let total = records.values.reduce(0) { $0 + $1.seconds }
    let machines = Dictionary(grouping: records.values, by: \.machine).sorted {
      ($1.value.count, $0.key) < ($0.value.count, $1.key)
    }
    let training = budget.labels == 1 ? "" : "\(Int((100 * budget.labels).rounded())) % of the training recordings; "
    return [
      HTMLReport.Fact("Done", "\(records.count) of \(plan.steps.count) steps"),
      HTMLReport.Fact(
        "Data", "\(budget.clips) recordings of \(budget.subjects) people, each motion from three cameras"),
      HTMLReport.Fact(
        "Networks",
        "I3D x\(budget.width), \(budget.frames) frames of \(budget.pixels)x\(budget.pixels) around the person, one in "
          + "\(budget.stride); AGCN x\(budget.poseWidth), \(budget.poseFrames) poses, one in \(budget.poseStride)"),
      HTMLReport.Fact(
        "Training",
        training + "\(budget.startEpochs) epochs of I3D from \(budget.start?.path ?? "scratch"), then "
          + "\(budget.epochs) of each system; "
          + "\(budget.poseEpochs) of AGCN-J"),
      HTMLReport.Fact(
        "Command",
        (["adl-train"] + CommandLine.arguments.dropFirst()).map { $0.contains(" ") ? "'\($0)'" : $0 }.joined(
          separator: " ")),
      HTMLReport.Fact(
        "Steps ran on", machines.map { "\($0.key) (\($0.value.count))" }.joined(separator: "; ")),
      HTMLReport.Fact("Time of these steps", ProgressLine.clock(total)),
      HTMLReport.Fact("Written", Date.now.ISO8601Format()),
    ]
  }

  func notes(_ milliseconds: [ReproductionSystem: Double], _ machine: UsedMachine) -> [String] {
    var notes = [
      """
      Mean class accuracy on held-out recordings ± standard deviation over seeds \
      (\(plan.budget.seeds.map(String.init).joined(separator: ", "))). Next to it, the difference from I3D on the same \
      recordings with the same seeds, in points, with the 95 % interval of a bootstrap over seeds and test people. A \
      dash: not finished yet. Every row except AGCN-J starts from the same I3D, trained from \
      \(plan.budget.start == nil ? "scratch" : "given weights") on the training recordings of its protocol, and is trained as long as the others.
      """
    ]
    if !milliseconds.isEmpty {
      notes.append(
        """
        Milliseconds: one window in libtorch, float32, median of \(ReproductionCosts.rounds) interleaved rounds, on \
        \(machine). Poses are given; rows that need them would also have to find them in the pictures.
        """)
    }
    return notes
  }
}
