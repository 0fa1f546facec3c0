import ArgumentParser
import Basics
import Synthesis

@main
struct AdlTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adl-train",
    abstract: "Train the networks of VPN and VPN++ offline: pose teachers, attention teachers, RGB students.",
    discussion: """
      A full VPN++ takes four stages, each of which starts from the run folders of earlier ones: pose-teacher (AGCN-J on \
      poses), rgb (I3D on clips), attention-teacher (VPN*: I3D weighted by pose-driven attention), student (I3D with a \
      Non-Local block that learns from both teachers and needs no poses afterwards). evaluate scores any of them, fuse adds \
      the pose teacher's scores, export writes the student as a model for adld.

      Settings come from a YAML file; config/train has one for each data set and stage. Exit status: 0 done, 1 a check \
      failed, 64 wrong usage, 65 data or weights cannot be used, 70 training failed, 75 stopped or killed, can be resumed, \
      78 wrong settings.
      """,
    subcommands: [
      PoseTeacherCommand.self, RGBCommand.self, AttentionTeacherCommand.self, StudentCommand.self, VPNCommand.self,
      EvaluateCommand.self, FuseCommand.self, ExportCommand.self, DataCommand.self, BoxesCommand.self,
      SelftestCommand.self,
      SynthCommand.self, ReproduceCommand.self, BenchCommand.self,
    ])

  static func main() {
    StandardStreams.prepare()
    CommandLineText.requireUTF8(program: "adl-train")
    main(nil)
  }
}
