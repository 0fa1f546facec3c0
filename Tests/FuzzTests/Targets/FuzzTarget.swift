/// What untrusted parties may send to adl, by kind.
enum FuzzTarget: String, CaseIterable {
  case model, checkpoint, skeleton, settings, messages, jpeg, detector

  /// The outcome for an input.
  enum Outcome: Equatable {
    case taken
    case refused(String)
    /// No reader accepted it.
    case unread
  }

  /// Passes an input to a reader of its kind.
  ///
  /// The reader may refuse it, but must not crash, hang or use much memory.
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

  /// One entry point into adl; throws what it refuses.
  typealias Reader = ([UInt8]) throws -> Void

  /// The first byte, a digit, selects the reader for the rest.
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
      // A refusal's text is shown to users and quotes the input.
      return .refused("\(error)")
    }
  }
}

/// Thrown for an input that would only cost time, or that no reader would get.
struct Unwanted: Error {}

/// Thrown for an input that a reader refuses without a reason.
struct Refused: Error {}
