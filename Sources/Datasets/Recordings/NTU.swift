import Networks

/// NTU RGB+D 60 and 120.
///
/// There is no published validation set: every fifth training subject is used, under every protocol.
///
/// - Source: methods.md 8.1.
struct NTU: PublishedDataset {
  private enum Split { case crossSubject, crossView, crossSetup }

  let options: DatasetOptions
  let name: String
  let labels: [String]
  private let split: Split
  private let setups: ClosedRange<Int>
  private let subjects: ClosedRange<Int>

  var graph: SkeletonGraph { .ntu25 }
  var validationMayTrain: Bool { true }

  init(_ options: DatasetOptions) throws(DatasetError) {
    self.options = options
    let isLarge = options.kind == .ntu120
    name = isLarge ? "NTU RGB+D 120" : "NTU RGB+D 60"
    labels = Array(NTUActions.names.prefix(isLarge ? 120 : 60))
    setups = isLarge ? 1...32 : 1...17
    subjects = isLarge ? 1...106 : 1...40
    switch (options.protocolName, isLarge) {
    case ("CS", _): split = .crossSubject
    case ("CV", false): split = .crossView
    case ("CSet", true): split = .crossSetup
    default: throw options.refusedProtocol(isLarge ? "CS or CSet" : "CS or CV")
    }
  }

  func clip(named name: String) -> (clip: Clip, partition: Partition?)? {
    var reader = NameReader(name)
    guard reader.skip("S"), let setup = reader.number(digits: 3), reader.skip("C"),
      let camera = reader.number(digits: 3), reader.skip("P"), let subject = reader.number(digits: 3),
      reader.skip("R"), reader.number(digits: 3) != nil, reader.skip("A"), let action = reader.number(digits: 3),
      reader.isAtEnd, setups.contains(setup), subjects.contains(subject), (1...3).contains(camera),
      (1...labels.count).contains(action)
    else { return nil }
    let clip = Clip(name: name, label: action - 1, subject: subject, camera: camera, setup: setup)
    guard !NTUMissingSkeletons.names.contains(name) else { return (clip, nil) }
    let trains: Bool =
      switch split {
      case .crossSubject: NTUSubjects.training.contains(subject)
      case .crossView: camera != 1
      case .crossSetup: setup % 2 == 0
      }
    guard trains else { return (clip, .test) }
    return (clip, Self.validationSubjects.contains(subject) ? .validation : .train)
  }

  private static let validationSubjects: Set<Int> = {
    let ordered = NTUSubjects.training.sorted()
    return Set(stride(from: 4, to: ordered.count, by: 5).map { ordered[$0] })
  }()
}

/// The subjects in NTU RGB+D's protocols.
package enum NTUSubjects {
  /// Training subjects under CS; those above 40 belong to NTU RGB+D 120.
  package static let training: Set = [
    1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38, 45, 46, 47, 49, 50, 52, 53, 54, 55, 56,
    57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95, 97, 98, 100, 103,
  ]
  /// Number of subjects in NTU RGB+D 120.
  package static let count = 106
}
