package import Inference
package import ModelFile
package import Networks
package import Video

/// Calibrates a model for int8 on windows, and judges the result on other windows.
///
/// Every fourth window judges; the others calibrate.
package struct ModelCalibration {
  private let model: StudentModel
  private let threads: Int
  private let calibrator: Calibrator
  private var judged: [(window: ClipWindow, logits: [Float])] = []
  private var count = 0

  /// - Parameters:
  ///   - model: what is calibrated.
  ///   - threads: cores to use.
  /// - Throws: `InferenceError`.
  package init(_ model: StudentModel, threads: Int) throws(InferenceError) {
    self.model = model
    self.threads = threads
    calibrator = try Calibrator(network: model.network, parameters: model, threads: threads)
  }

  /// Windows that calibrate, and those that judge.
  package var windows: (calibrating: Int, judging: Int) { (count - judged.count, judged.count) }

  package mutating func take(_ window: ClipWindow) throws(InferenceError) {
    count += 1
    guard count.isMultiple(of: 4) else { return try calibrator.add(pixels: window.pixels.span) }
    judged.append((window, try calibrator.logits(pixels: window.pixels.span)))
  }

  /// The ranges, with as few float32 modules as agree with float32 well, and how well that is.
  ///
  /// - Parameters:
  ///   - choice: how a layer's range follows from its values.
  ///   - exactModules: so many float32 modules, instead of as few as do.
  /// - Returns: ranges and agreement; that with the least difference where none agrees well.
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
    guard let best else { preconditionFailure("no number of modules was tried") }
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
  /// Good enough to stop looking for more exact modules.
  fileprivate var isEnough: Bool { meanDifference <= 0.002 && Double(sameLabel) >= 0.99 * Double(windows) }
}
