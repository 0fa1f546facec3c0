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

/// The exit statuses from sysexits(3) that the commands share.
enum ExitStatus {
  /// A file or model that cannot be used.
  static let data = ExitCode(65)
  /// A device or service that is not available.
  static let unavailable = ExitCode(69)
}

/// Runs a command's work and turns errors into one line on standard error and an exit status.
func reporting(_ work: () throws -> Void) throws {
  do {
    try work()
    // Flushes print's buffer now, while a failure can still be reported.
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

/// Prints one line on standard error, and returns the exit status to throw.
func stopped(_ reason: String, _ status: ExitCode) -> ExitCode {
  warn(reason)
  return status
}

/// Prints one line on standard error and goes on.
func warn(_ text: String) { StandardStreams.complain("adl: \(text)\n") }

/// The contents of a file, or of a pipe such as /dev/stdin, which may give at most 1 GiB.
///
/// - Throws: an exit status, after a message on standard error.
func wholeFile(_ path: String) throws -> Data {
  func unreadable(_ reason: String) -> ExitCode { stopped("\(path) cannot be read: \(reason)", ExitStatus.data) }
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw unreadable(reasonText(errno)) }
  let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  var status = stat()
  var content = Data()
  do {
    if unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
      return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    }
    while let part = try file.read(upToCount: 1 << 20), !part.isEmpty, content.count < 1 << 30 { content += part }
  } catch {
    throw unreadable(reasonText(error))
  }
  guard content.count < 1 << 30 else { throw unreadable("it does not end within 1 GiB") }
  return content
}

/// Prints a line on standard output, unbuffered; exits if that fails.
func put(_ line: String) {
  do {
    try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
  } catch {
    exit(stopped("standard output cannot be written: \(reasonText(error))", ExitStatus.data).rawValue)
  }
}
