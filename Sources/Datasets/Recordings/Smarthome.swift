import Networks

/// Toyota Smarthome, trimmed.
///
/// For the complete data set, these rules give exactly the published lists of clips.
///
/// - Source: methods.md 8.2.
struct Smarthome: PublishedDataset {
  private enum Split { case subjects, cameras(training: Set<Int>) }

  let options: DatasetOptions
  let labels: [String]
  private let indices: [String: Int]
  private let split: Split

  var name: String { "Toyota Smarthome" }
  var graph: SkeletonGraph { .smarthome15 }
  /// The papers' cross-subject training set contains all eleven subjects.
  var validationMayTrain: Bool { options.protocolName == "CS" }

  /// Labels of the cross-subject protocol, in the published order; other lists swap Usetablet and Usetelephone.
  private static let all = [
    "Cook.Cleandishes", "Cook.Cleanup", "Cook.Cut", "Cook.Stir", "Cook.Usestove", "Cutbread", "Drink.Frombottle",
    "Drink.Fromcan", "Drink.Fromcup", "Drink.Fromglass", "Eat.Attable", "Eat.Snack", "Enter", "Getup", "Laydown",
    "Leave",
    "Makecoffee.Pourgrains", "Makecoffee.Pourwater", "Maketea.Boilwater", "Maketea.Insertteabag", "Pour.Frombottle",
    "Pour.Fromcan", "Pour.Fromkettle", "Readbook", "Sitdown", "Takepills", "Uselaptop", "Usetablet", "Usetelephone",
    "Walk", "WatchTV",
  ]
  /// Labels of the cross-view protocols.
  private static let crossView = [
    "Cutbread", "Drink.Frombottle", "Drink.Fromcan", "Drink.Fromcup", "Drink.Fromglass", "Eat.Attable", "Eat.Snack",
    "Enter", "Getup", "Leave", "Pour.Frombottle", "Pour.Fromcan", "Readbook", "Sitdown", "Takepills", "Uselaptop",
    "Usetablet", "Usetelephone", "Walk",
  ]
  private static let trainingSubjects: Set = [3, 4, 6, 7, 9, 12, 13, 15, 17]
  private static let validationSubjects: Set = [19, 25]
  private static let testSubjects: Set = [2, 10, 11, 14, 16, 18, 20]
  /// Included in the lists, but without a class.
  private static let noClass = "Pour.Fromcup"

  init(_ options: DatasetOptions) throws(DatasetError) {
    self.options = options
    switch options.protocolName {
    case "CS": (labels, split) = (Self.all, .subjects)
    case "CV1": (labels, split) = (Self.crossView, .cameras(training: [1]))
    case "CV2": (labels, split) = (Self.crossView, .cameras(training: [1, 3, 4, 6, 7]))
    default: throw options.refusedProtocol("CS, CV1 or CV2")
    }
    indices = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
  }

  func clip(named name: String) -> (clip: Clip, partition: Partition?)? {
    guard let underscore = name.firstIndex(of: "_") else { return nil }
    let activity = String(name[..<underscore])
    var reader = NameReader(String(name[underscore...]))
    guard reader.skip("_p"), let subject = reader.number(), reader.skip("_r"), reader.number() != nil,
      reader.skip("_v"), reader.number() != nil, reader.skip("_c"), let camera = reader.number(), reader.isAtEnd,
      activity == Self.noClass || Self.all.contains(activity)
    else { return nil }
    let clip = Clip(name: name, label: indices[activity] ?? 0, subject: subject, camera: camera)
    guard indices[activity] != nil else { return (clip, nil) }
    return (clip, partition(subject, camera))
  }

  private func partition(_ subject: Int, _ camera: Int) -> Partition? {
    switch split {
    case .subjects:
      if Self.trainingSubjects.contains(subject) { return .train }
      if Self.validationSubjects.contains(subject) { return .validation }
      return Self.testSubjects.contains(subject) ? .test : nil
    case .cameras(let training):
      if training.contains(camera) { return .train }
      return camera == 5 ? .validation : camera == 2 ? .test : nil
    }
  }
}
