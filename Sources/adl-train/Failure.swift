import ArgumentParser
import Basics
import Foundation
import Golden
import ModelFile
import Networks
import Settings
import Tensors
import Training

/// Runs a command's work; an error's message goes to standard error, and its kind determines the exit status.
func reporting(_ work: () throws -> Void) throws {
  do {
    try work()
  } catch let error as ExitCode {
    throw error
  } catch let error as SettingsError {
    throw failure("\(error)", 78)
  } catch let error as TrainingError {
    switch error {
    case .missing, .unsuitable, .noClips: throw failure("\(error)", 65)
    case .refused: throw failure("\(error)", 78)
    case .diverged, .outOfMemory, .failed: throw failure("\(error)", 70)
    case .disagreement: throw failure("\(error)", 1)
    case .lostRank: throw failure("\(error)", 75)
    }
  } catch let error as TensorError {
    throw failure("\(error)", 70)
  } catch {
    throw failure("\(error)", 65)
  }
}

func failure(_ text: String, _ status: Int32) -> ExitCode {
  complain("Error: \(text)")
  return ExitCode(status)
}

func complain(_ text: String) { StandardStreams.complain(text + "\n") }
