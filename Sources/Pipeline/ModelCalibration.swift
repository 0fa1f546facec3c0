package import Inference
package import ModelFile
package import Networks
package import Video

/// Calibrates a model for int8 on some windows, and evaluates the result on others.
///
/// Every fourth window is for evaluation; the others are for calibration.
package struct ModelCalibration {
  private let model: StudentModel
  private let threads: Int
  private let calibrator: Calibrator
  private var judged: [(window: ClipWindow, logits: [Float])] = []
  private var count = 0

  /// - Parameters:
  ///   - model: the model to calibrate.
  ///   - threads: number of cores to use.
  /// - Throws: `InferenceError`.
  package init(_ model: StudentModel, threads: Int) throws(InferenceError) {
    self.model = model
    self.threads = threads
    calibrator = try Calibrator(network: model.network, parameters: model, threads: threads)
  }

  /// Number of windows used for calibration and for evaluation.
  package var windows: (calibrating: Int, judging: Int) { (count - judged.count, judged.count) }

  package mutating func take(_ window: ClipWindow) throws(InferenceError) {
    count += 1
    guard count.isMultiple(of: 4) else { return try calibrator.add(pixels: window.pixels.span) }
    judged.append((window, try calibrator.logits(pixels: window.pixels.span)))
  }

  /// The ranges, with as few float32 modules as needed to agree well with float32, and the agreement.
  ///
  /// - Parameters:
  ///   - choice: how a layer's range is derived from its values.
  ///   - exactModules: a fixed number of float32 modules, instead of as few as needed.
  /// - Returns: ranges and agreement; if no number agrees well, those with the smallest difference.
  /// - Throws: `InferenceError`.
  package func ranges(
    _ choice: Calibrator.Choice, exactModules: Int?
  ) throws(InferenceError) -> (ranges: ActivationRanges, agreement: PrecisionAgreement) {
    var best: (ranges: ActivationRanges, agreement: PrecisionAgreement)?
    for modules in exactModules.map({ [$0] }) ?? [0, 1, 2, 4, 6, 9] {
      let ranges = calibrator.ranges(choice, exactModules: modules)
      let agreement = try judge(ranges)
      if agreement.isEnough || exactModules != nil { return (ranges, agreement) }
      if best.map({ agreement.meanDifference < $0.agreement.meanDifference }) ?? true { best = (ranges, agreement) }
    }
    guard let best else { preconditionFailure("at least one number of modules must be tried") }
    return best
  }

  private func judge(_ ranges: ActivationRanges) throws(InferenceError) -> PrecisionAgreement {
    let engine = try ClipEngine(
      network: model.network, parameters: model, precision: .int8, ranges: ranges, threads: threads)
    var agreement = PrecisionAgreement()
    for (window, logits) in judged {
      let found = try engine.run(pixels: window.pixels.span)[0]
      agreement.add(logits, found, temperature: model.card.temperature)
    }
    return agreement
  }
}

extension PrecisionAgreement {
  /// Good enough to stop trying more exact modules.
  fileprivate var isEnough: Bool { meanDifference <= 0.002 && Double(sameLabel) >= 0.99 * Double(windows) }
}
