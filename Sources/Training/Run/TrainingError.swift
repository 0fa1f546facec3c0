/// Why a stage cannot start or continue.
package enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// Something that a stage builds on is missing.
  case missing(stage: String, what: String, remedy: String)
  /// An existing file does not fit.
  case unsuitable(path: String, reason: String)
  /// A setting does not fit the network.
  case refused(setting: String, value: String, allowed: String)
  /// The loss is not finite, or exceeds `run.largestLoss`.
  case diverged(step: Int, terms: String, clips: [String])
  case outOfMemory(step: Int, reason: String)
  case noClips(partition: String, reason: String)
  /// The two engines disagree on an exported student.
  case disagreement(clip: String, error: Double, allowed: Double)
  case lostRank(step: Int, reason: String)
  /// libtorch failed within a step.
  case failed(step: Int, reason: String, clips: [String])

  package var description: String {
    switch self {
    case .missing(let stage, let what, let remedy): "\(stage) needs \(what): \(remedy)"
    case .unsuitable(let path, let reason): "\(path) cannot be used: \(reason)"
    case .refused(let setting, let value, let allowed): "\(setting) is '\(value)'; it must be \(allowed)"
    case .diverged(let step, let terms, let clips):
      "the loss diverged at step \(step) (\(terms)) with the clips \(clips.joined(separator: ", ")); lower "
        + "optimizer.learningRate or run.clipNorm, or look at these clips"
    case .outOfMemory(let step, let reason):
      "no memory left at step \(step): lower run.batch (and raise run.accumulate to make up), clip.frames or clip.size, or "
        + "use --precision bf16 (\(reason))"
    case .noClips(let partition, let reason): "there are no \(partition) clips: \(reason)"
    case .disagreement(let clip, let error, let allowed):
      "the live engine and libtorch disagree on \(clip) by \(error) of the largest logit; \(allowed) is allowed"
    case .lostRank(let step, let reason):
      "a rank was lost at step \(step): \(reason); restart all ranks, and the run continues from its last checkpoint"
    case .failed(let step, let reason, let clips):
      "step \(step) failed with the clips \(clips.joined(separator: ", ")): \(reason)"
    }
  }
}
