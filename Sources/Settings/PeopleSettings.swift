/// `people`: who is analysed.
package struct PeopleSettings: Equatable, Sendable {
  package enum Mode: String, CaseIterable, Sendable {
    /// Whatever the model was trained on.
    case auto
    case people, scene
  }

  package enum Finder: String, CaseIterable, Sendable {
    /// The model if `detector` is set, otherwise motion.
    case auto
    case model, motion
  }

  package var mode: Mode
  package var finder: Finder
  /// An ONNX file of the YOLOX family.
  package var detector: String?
  /// Searches per second.
  package var rate: Double
  /// How many people are analysed at the same time.
  package var most: Int
  /// Seconds for which a person out of sight still counts as present.
  package var lossSeconds: Double
  /// Number of cores for the finder.
  package var threads: Int

  init(_ table: SettingsTable) {
    mode = table.choice("mode", default: .auto)
    finder = table.choice("finder", default: .auto)
    detector = table.text("detector")
    rate = table.number("rate", default: 3, 0.2...15)
    most = table.integer("most", default: 2, 1...16)
    lossSeconds = table.number("lossSeconds", default: 3, 0.5...60)
    threads = table.integer("threads", default: 1, 1...64)
    if finder == .model, detector == nil {
      table.require("detector", "the ONNX file of the person detector that people.finder requires; see `make detector`")
    }
    table.finish()
  }
}
