import Annotation
import ArgumentParser
import Basics
import Capture
import Detection
import Evaluation
import Events
import Foundation
import Inference
import ModelFile
import Pipeline
import Settings

/// Exit statuses of sysexits(3) that the commands share.
enum ExitStatus {
  /// A file or model that cannot be used.
  static let data = ExitCode(65)
  /// A device or service that is not there.
  static let unavailable = ExitCode(69)
}

/// Runs a command's work and turns errors from below into one line on standard error and an exit status.
func reporting(_ work: () throws -> Void) throws {
  do {
    try work()
    // What print keeps back goes out here, where it can still be told that it does not.
    if let reason = StandardStreams.flush() {
      throw stopped("standard output cannot be written: \(reason)", ExitStatus.data)
    }
  } catch let error as CaptureError {
    throw stopped("\(error)", error.isTransient ? ExitStatus.unavailable : ExitStatus.data)
  } catch let error as ModelFileError {
    throw stopped("\(error)", ExitStatus.data)
  } catch let error as SettingsError {
    throw stopped("\(error)", ExitStatus.data)
  } catch let error as DetectionError {
    throw stopped("--detector: \(error)", ExitStatus.data)
  } catch let error as FileRecognitionError {
    throw stopped("\(error)", ExitStatus.data)
  } catch let error as AnnotationError {
    throw stopped("\(error)", ExitStatus.data)
  } catch let error as EvaluationError {
    throw stopped("\(error)", ExitStatus.data)
  } catch let error as InferenceError {
    throw stopped("\(error)", ExitStatus.data)
  } catch let error as EventError {
    if case .badKey = error { throw stopped("\(error)", ExitStatus.data) }
    throw stopped("\(error)", ExitStatus.unavailable)
  }
}

/// One line on standard error, and the exit status to throw.
func stopped(_ reason: String, _ status: ExitCode) -> ExitCode {
  StandardStreams.complain("adl: \(reason)\n")
  return status
}

/// A line on standard output, at once; ends the program where nobody can get it.
func put(_ line: String) {
  do {
    try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
  } catch {
    exit(stopped("standard output cannot be written: \(error.localizedDescription)", ExitStatus.data).rawValue)
  }
}
