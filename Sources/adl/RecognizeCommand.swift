import ArgumentParser
import Capture
import Foundation
import ModelFile
import Pipeline
import Recognition

/// The command `adl recognize`: runs the daemon's pipeline on a file.
struct RecognizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recognize",
    abstract: "Recognise the activities in a video file.",
    discussion: """
      Runs the same pipeline as the daemon: finds people, follows them, and prints what each is doing and when. Without \
      --detector, whatever moves counts as a person, which needs a camera that does not move. With --scene the whole \
      picture is recognised instead. The verdict is the softmax of all windows, max-pooled. A file shorter than one window \
      is repeated until it fills one.

      --video, --subtitles and --csv also write files, each completely or not at all. What goes on in a frame is known \
      only later, so --video reads the recording a second time, and works with neither cameras nor live streams. \
      Frames keep their times and size; an odd width or height is padded by one column or row.

      synthetic:7?length=60 is a minute of rendered people, for experiments; README.md lists its options.
      """)

  @Argument(help: "The video: a file, a URL, or synthetic:SEED?length=SECONDS.")
  var video: String

  @Option(help: ArgumentHelp("The model.", valueName: "file.safetensors"))
  var model: String

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @OptionGroup
  var setup: RecognitionSetup

  @OptionGroup(title: "Files")
  var files: RecognitionFiles

  func run() throws {
    try reporting {
      let source = try SourceDescription(recording: video, isReadTwice: files.video != nil)
      try files.check(source, inputs: [video, self.model] + [setup.view.detector].compactMap(\.self))
      let model = try StudentModel(path: model)
      let outcome = try setup.recognize(source, with: model)
      let (result, grouping) = (outcome.result, outcome.options.grouping)
      try files.writeTexts(result, activities: grouping.activities)
      if json {
        try print(RecognitionReport(result, model, grouping).text())
      } else {
        RecognitionText(grouping: grouping, onHold: outcome.options.recognition.onHold).print(result)
      }
      try files.writeVideo(result, activities: grouping.activities, of: source, RecordingView.opening)
    }
  }
}

/// Minutes and seconds, such as 01:23.4.
func clock(_ time: Duration) -> String {
  time.formatted(.time(pattern: .minuteSecond(padMinuteToLength: 2, fractionalSecondsLength: 1)))
}

/// True if the stream is connected to a terminal.
func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }
