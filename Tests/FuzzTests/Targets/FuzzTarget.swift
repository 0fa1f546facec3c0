/// What strangers may hand to adl, by the kind of what it is.
enum FuzzTarget: String, CaseIterable {
  case model, checkpoint, skeleton, settings, messages, jpeg, detector

  /// What became of an input.
  enum Outcome: Equatable {
    case taken
    case refused(String)
    /// No reader was given it.
    case unread
  }

  /// Gives an input to a reader of its kind.
  ///
  /// It may refuse it. It may not end the process, hang or take much memory.
  func run(_ input: [UInt8]) -> Outcome {
    switch self {
    case .model: Self.choose(input, Self.modelReaders)
    case .checkpoint: Self.choose(input, Self.checkpointReaders)
    case .skeleton: Self.choose(input, Self.skeletonReaders)
    case .settings: Self.choose(input, Self.settingsReaders)
    case .messages: Self.choose(input, Self.messageReaders)
    case .jpeg: Self.choose(input, Self.pictureReaders)
    case .detector: Self.choose(input, Self.detectorReaders)
    }
  }

  /// One way into adl; throws what it refuses.
  typealias Reader = ([UInt8]) throws -> Void

  /// The first byte, a digit, says which reader gets the rest.
  private static func choose(_ input: [UInt8], _ readers: [Reader]) -> Outcome {
    guard let first = input.first, case let choice = Int(first) - 0x30, readers.indices.contains(choice) else {
      return .unread
    }
    do {
      try readers[choice](Array(input.dropFirst()))
      return .taken
    } catch is Unwanted {
      return .unread
    } catch {
      // Whoever reads a refusal sees its words, which quote the input.
      return .refused("\(error)")
    }
  }
}

/// Thrown for an input that would only cost time, or that no reader would be given.
struct Unwanted: Error {}

/// Thrown for an input that a reader refuses without saying why.
struct Refused: Error {}
