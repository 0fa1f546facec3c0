import Foundation
import Networks
import Settings
import Tensors
import Testing
import Training

/// The settings files shipped with the program.
struct PresetTests {
  private static let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path + "/config/train"

  /// Every preset as `dataset/stage`.
  private static let names = (FileManager.default.enumerator(atPath: folder)?.allObjects ?? [])
    .compactMap { $0 as? String }.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()

  private func settings(_ name: String, _ overrides: [String] = []) throws -> TrainingSettings {
    try TrainingSettings.load(path: "\(Self.folder)/\(name).yaml", overrides: overrides)
  }

  @Test func `every data set has a preset for every stage`() {
    for dataset in DataSettings.Kind.allCases {
      for stage in Stage.allCases { #expect(Self.names.contains("\(dataset.rawValue)/\(stage.rawValue)")) }
    }
  }

  @Test(arguments: names)
  func `training works with each preset`(name: String) throws {
    let parts = name.split(separator: "/").map(String.init)
    let stage = try #require(Stage(rawValue: parts[1].replacing("-compat", with: "")))
    // Few channels, because only the structure matters.
    let settings = try settings(name, ["network.width=0.0625", "network.poseWidth=0.125", "start.model="])
    #expect(settings.data.dataset.rawValue == parts[0])
    let skeletons: [DataSettings.Kind: SkeletonGraph] = [.smarthome: .smarthome15, .nucla: .kinect20]
    let builder = SystemBuilder(
      stage: stage, settings: settings, labels: ["Sit", "Walk"],
      skeleton: skeletons[settings.data.dataset] ?? .ntu25, trainingLabels: [0, 1], device: .cpu)
    let built = try builder.build()
    #expect(built.description.stage == stage)
    #expect(built.system.learnedCount > 0)
  }

  @Test(arguments: names)
  func `each preset can be written with the command line's overrides`(name: String) throws {
    let overrides = ["run.batch=3", #"data.videos="/a: b""#, "optimizer.epsilon=1e-7", "schedule.milestones=[1, 2]"]
    let text = try TrainingSettings.text(path: "\(Self.folder)/\(name).yaml", overrides: overrides)
    #expect(try TrainingSettings.parse(text, path: "written") == settings(name, overrides))
  }

  @Test func `a part that I3D does not have is refused by name`() throws {
    let settings = try settings("weizmann/rgb", ["network.width=0.0625", "network.trainFrom=Mixed_6a"])
    let builder = SystemBuilder(
      stage: .rgb, settings: settings, labels: ["Sit", "Walk"], skeleton: .ntu25, trainingLabels: [0, 1], device: .cpu)
    #expect {
      _ = try builder.build()
    } throws: { error in
      "\(error)".hasPrefix("network.trainFrom is 'Mixed_6a'; it must be Conv3d_1a_7x7, ")
        && "\(error)".contains("Mixed_4f, ")
    }
  }

  @Test func `presets from the papers have the papers' values`() throws {
    for dataset in ["ntu60", "ntu120"] {
      let pose = try settings(dataset + "/pose-teacher")
      #expect(pose.optimizer.kind == .sgd && pose.optimizer.learningRate == 0.1 && pose.optimizer.nesterov)
      #expect(pose.optimizer.momentum == 0.9 && pose.optimizer.weightDecay == 1e-4)
      #expect(pose.schedule.kind == .step && pose.schedule.milestones == [30, 40] && pose.schedule.factor == 0.1)
      #expect(pose.run.epochs == 50 && pose.run.batch == 64 && pose.pose.frames == 300)
    }
    let smarthome = try settings("smarthome/pose-teacher")
    #expect(smarthome.run.epochs == 60 && smarthome.run.batch == 16 && smarthome.pose.frames == 400)
    let student = try settings("smarthome/student")
    #expect(student.clip.frames == 64 && student.clip.size == 224 && student.network.width == 1)
    #expect(student.optimizer.learningRate == 0.01 && student.schedule.kind == .plateau)
    #expect(student.schedule.patience == 10 && student.feature.loss == .crd && student.feature.temperature == 0.07)
    #expect(student.attention.map == .marginal && student.network.nonLocal == .full)
    let released = try settings("smarthome/student-compat")
    #expect(
      released.feature.loss == .released && released.feature.weight == 0.001 && released.feature.dimension == 4096)
    #expect(released.attention.map == .embedding && released.attention.loss == .released)
    #expect(released.attention.weight == 0.001 && released.attention.labelWeight == 0.9)
    #expect(released.network.nonLocal == .subSampled && released.evaluation.windows == .code)
  }

  @Test func `every training setting is documented with its default`() throws {
    let text = try String(contentsOfFile: Self.folder + "/README.md", encoding: .utf8)
    let described = text.matches(of: /\n\| `([a-z]+\.[A-Za-z0-9]+)` \|([^|]*)\|/)
    #expect(Set(described.map { String($0.output.1) }) == TrainingSettings.knownSettings.filter { $0.contains(".") })
    let defaults = try TrainingSettings.parse("", path: "defaults")
    for match in described {
      let value = match.output.2.trimmingCharacters(in: .whitespaces)
      // The documented value changes nothing.
      let said = try TrainingSettings.parse(
        "", path: "said", overrides: value.isEmpty ? [] : ["\(match.output.1)=\(value)"])
      #expect(said == defaults, "\(match.output.1) is not \(value) by default")
    }
  }
}
