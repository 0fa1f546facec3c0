/// A problem with a data set, or with one of its recordings.
package enum DatasetError: Error, Equatable, CustomStringConvertible {
  /// The settings ask for something the data set does not have.
  case refused(setting: String, value: String, allowed: String)
  case missing(path: String, purpose: String)
  /// A recording lacks something that is needed here.
  case incomplete(clip: String, lacks: String)
  case unreadable(path: String, reason: String)
  /// So many recordings could not be read that training on the rest would be a different experiment.
  case tooManySkipped(count: Int, of: Int, examples: [String])

  package var description: String {
    switch self {
    case .refused(let setting, let value, let allowed): "\(setting) is '\(value)'; it must be \(allowed)"
    case .missing(let path, let purpose): "\(path) is missing: \(purpose)"
    case .incomplete(let clip, let lack): "recording \(clip) has no \(lack); add one, or remove the recording"
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .tooManySkipped(let count, let total, let examples):
      "\(count) of \(total) clips could not be read, more than 1 %: \(examples.joined(separator: "; ")); "
        + "`adl-train data check` lists them all"
    }
  }
}
