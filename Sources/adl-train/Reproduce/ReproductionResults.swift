import Datasets
import Evaluation
import Foundation
import ModelFile
import Networks
import Settings
import Tensors
import Training

/// Summarises the finished runs of a plan: the papers' table, as far as available.
final class ReproductionResults {
  let plan: ReproductionPlan

  /// Names of the completed steps.
  private var done: Set<String> = []
  /// Scores of evaluated runs, by run and partition; under this plan they never change.
  private var known: [String: ScoreFile] = [:]
  private var costs: [ReproductionSystem: SystemComparison.Cost] = [:]
  /// The person in each test recording.
  private var people: [ReproductionProtocol: [String: String]] = [:]

  init(plan: ReproductionPlan) { self.plan = plan }

  private var base: String { plan.path("results" + plan.budget.labels.variant) }
  var markdownPath: String { base + ".md" }
  var pagePath: String { base + ".html" }

  /// Writes the table of what is available, completely or not at all.
  ///
  /// - Parameters:
  ///   - records: the records of completed steps.
  ///   - milliseconds: per window, if measured.
  ///   - machine: the machine they were measured on.
  /// - Throws: `ModelFileError`, `EvaluationError`, `TrainingError`, `DatasetError`.
  func write(
    records: [String: ReproductionRunner.Record], milliseconds: [ReproductionSystem: Double], on machine: UsedMachine
  ) throws {
    let comparison = try comparison(records, milliseconds, machine)
    for (path, text) in [(markdownPath, comparison.markdown()), (pagePath, comparison.html())] {
      try AtomicFile.write(to: path) { try $0.write(contentsOf: Data(text.utf8)) }
    }
  }

  func comparison(
    _ records: [String: ReproductionRunner.Record], _ milliseconds: [ReproductionSystem: Double],
    _ machine: UsedMachine
  ) throws -> SystemComparison {
    done = Set(records.keys)
    var rows: [SystemComparison.Row] = []
    for run in plan.representatives {
      let system = run.system
      var cost = try done.contains(run.name) ? cost(of: run) : nil
      cost?.milliseconds = milliseconds[system]
      rows.append(try row(.system(system), cost))
    }
    if rows.contains(where: { $0.system == Contender.system(.both).title }) {
      rows.append(try row(.fused, fusedCost(rows)))
    }
    let budget = plan.budget
    return SystemComparison(
      title: "VPN and VPN++ on rendered activities (\(budget.size.rawValue))",
      facts: facts(records), protocols: budget.protocols.map { "\($0.title), %" },
      reference: ReproductionSystem.i3d.title, rows: rows, claims: try claims(), charts: try charts(),
      notes: notes(milliseconds, machine))
  }

  /// A row of the comparison: a system, or VPN++ combined with the pose teacher's scores.
  private enum Contender: Equatable {
    case system(ReproductionSystem)
    case fused

    var title: String {
      switch self {
      case .system(let system): system.title
      case .fused: "VPN++ + poses"
      }
    }

    var needsPoses: Bool {
      switch self {
      case .system(let system): system.needsPoses
      case .fused: true
      }
    }
  }

  /// The cost of VPN++ and the pose teacher together.
  private func fusedCost(_ rows: [SystemComparison.Row]) -> SystemComparison.Cost? {
    func cost(_ system: ReproductionSystem) -> SystemComparison.Cost? {
      rows.first { $0.system == Contender.system(system).title }?.cost
    }
    guard let both = cost(.both), let pose = cost(.pose) else { return nil }
    return SystemComparison.Cost(
      parameters: both.parameters + pose.parameters,
      multiplyAccumulates: both.multiplyAccumulates + pose.multiplyAccumulates,
      milliseconds: both.milliseconds.flatMap { own in pose.milliseconds.map { own + $0 } })
  }

  // MARK: Accuracy

  private func row(_ contender: Contender, _ cost: SystemComparison.Cost?) throws -> SystemComparison.Row {
    let results = try plan.budget.protocols.map { name in
      let accuracies = try plan.budget.seeds.compactMap { seed in
        try scores(contender, name, seed).map { EvaluationResult($0, pooling: .paper).meanClassAccuracy }
      }
      return SystemComparison.Result(
        accuracies: accuracies, seeds: plan.budget.seeds.count,
        difference: contender == .system(.i3d) ? nil : try difference(.system(.i3d), contender, name))
    }
    return SystemComparison.Row(system: contender.title, needsPoses: contender.needsPoses, results: results, cost: cost)
  }

  /// The papers' claims about their systems, if the plan includes both sides.
  private func claims() throws -> [SystemComparison.Claim] {
    let claims: [(text: String, first: Contender, second: Contender)] = [
      ("VPN-F over I3D", .system(.i3d), .system(.feature)),
      ("VPN-A over I3D", .system(.i3d), .system(.attention)),
      ("VPN++ over I3D", .system(.i3d), .system(.both)),
      ("VPN++ over its own network without teachers", .system(.nonLocal), .system(.both)),
      ("VPN++ without poses over VPN with poses", .system(.vpn), .system(.both)),
      ("poses on top of VPN++", .system(.both), .fused),
    ]
    return try claims.map { claim in
      SystemComparison.Claim(
        claim.text, try plan.budget.protocols.map { try difference(claim.first, claim.second, $0) })
    }.filter { $0.differences.contains { $0 != nil } }
  }

  /// For the seeds under which both have been evaluated; `nil` if there is none.
  private func difference(
    _ first: Contender, _ second: Contender, _ name: ReproductionProtocol
  ) throws -> PairedDifference? {
    var (firsts, seconds): ([ScoreFile], [ScoreFile]) = ([], [])
    for seed in plan.budget.seeds {
      guard let one = try scores(first, name, seed), let other = try scores(second, name, seed) else { continue }
      firsts.append(one)
      seconds.append(other)
    }
    guard !firsts.isEmpty else { return nil }
    let people = try people(name)
    return PairedDifference.between(firsts, seconds) { people[$0] ?? $0 }
  }

  private func scores(_ contender: Contender, _ name: ReproductionProtocol, _ seed: Int) throws -> ScoreFile? {
    switch contender {
    case .system(let system): try scores(plan.run(system, name, seed), .test)
    case .fused: try fused(name, seed)
    }
  }

  /// `nil` if the run has not been evaluated.
  private func scores(_ run: ReproductionRun, _ partition: Partition) throws -> ScoreFile? {
    guard done.contains(run.name + "/judged") else { return nil }
    let key = "\(run.name)/\(partition.rawValue)"
    if let file = known[key] { return file }
    let file = try ScoreFile.read(
      RunFolder(plan.path(run.name)).scores(partition.rawValue, WindowScheme.paper.rawValue))
    known[key] = file
    return file
  }

  /// VPN++ combined with the pose teacher, weighted on the validation recordings.
  private func fused(_ name: ReproductionProtocol, _ seed: Int) throws -> ScoreFile? {
    func both(_ partition: Partition) throws -> (student: ScoreFile, poses: ScoreFile)? {
      guard let student = try scores(plan.run(.both, name, seed), partition),
        let poses = try scores(plan.run(.pose, name, seed), partition)
      else { return nil }
      return (student, poses)
    }
    let key = "\(name.rawValue)/\(seed)/fused"
    if let file = known[key] { return file }
    guard let chosen = try both(.validation), let test = try both(.test) else { return nil }
    let weight = try LateFusion.bestWeight(chosen.student, chosen.poses, by: .meanClassAccuracy)
    let file = try LateFusion.fuse(test.student, test.poses, weight: weight)
    known[key] = file
    return file
  }

  private func people(_ name: ReproductionProtocol) throws -> [String: String] {
    if let known = people[name] { return known }
    let dataset = try Dataset.open(DatasetOptions(kind: .manifest, videos: "", manifest: plan.list(name)))
    let found = dataset.clips(.test).reduce(into: [String: String]()) { people, clip in
      people[clip.name] = clip.subject.map { "person \($0)" }
    }
    people[name] = found
    return found
  }

  /// Accuracy against pose noise, for what has been evaluated.
  private func charts() throws -> [LineChart] {
    guard !plan.budget.noises.isEmpty, let seed = plan.budget.seeds.first else { return [] }
    let noises = (plan.budget.noises + [1]).sorted()
    let series = try [ReproductionSystem.both, .pose, .attentionTeacher].map { system in
      LineChart.Series(
        name: system.title,
        points: try noises.compactMap { noise in
          var run = plan.run(system, .subjects, seed)
          run.noise = noise
          return try scores(run, .test).map {
            LineChart.Point(x: noise, y: EvaluationResult($0, pooling: .paper).meanClassAccuracy)
          }
        })
    }
    return [
      LineChart(
        title: "Accuracy under noise of poses", horizontal: "factor on the noise of poses", unit: .share,
        series: series.filter { !$0.points.isEmpty })
    ]
  }

  private func cost(of run: ReproductionRun) throws -> SystemComparison.Cost {
    if let cost = costs[run.system] { return cost }
    let checkpoint = try TrainingCheckpoint(path: plan.path(run.name))
    var work = 0
    if let clip = checkpoint.description.clip { work += try clip.graph().multiplyAccumulates }
    if let pose = checkpoint.description.pose {
      work += pose.multiplyAccumulates(frames: run.system == .pose ? plan.budget.poseFrames : plan.budget.frames)
    }
    let learned = try SystemBuilder.classifier(checkpoint, on: .cpu).learnedCount
    let cost = SystemComparison.Cost(parameters: learned, multiplyAccumulates: work)
    costs[run.system] = cost
    return cost
  }
}
