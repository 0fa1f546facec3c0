package import Datasets
package import Settings
import Networks
import Tensors
import Video

extension DatasetOptions {
  package init(_ settings: DataSettings) {
    let kind: DatasetKind =
      switch settings.dataset {
      case .ntu60: .ntu60
      case .ntu120: .ntu120
      case .smarthome: .smarthome
      case .nucla: .nucla
      case .weizmann: .weizmann
      case .manifest: .manifest
      }
    self.init(
      kind: kind, videos: settings.videos, skeletons: settings.skeletons.isEmpty ? nil : settings.skeletons,
      protocolName: settings.protocolName, manifest: settings.manifest.isEmpty ? nil : settings.manifest,
      holdsOutValidation: settings.holdOutValidation)
  }
}

extension ClipOptions {
  /// - Parameters:
  ///   - settings: the run's settings.
  ///   - content: what batches contain.
  ///   - dataset: used to find out whether boxes are known, if the settings leave it open.
  package init(_ settings: TrainingSettings, _ content: ClipContent, _ dataset: Dataset) {
    self.init()
    region =
      switch settings.clip.region {
      case .person: .person
      case .scene: .scene
      case .auto: dataset.hasBoxes || !settings.data.boxes.isEmpty ? .person : .scene
      }
    boxes = settings.data.boxes.isEmpty ? nil : settings.data.boxes
    augmentation = ClipAugmentation(settings.augmentation)
    frames = settings.clip.frames
    context = settings.clip.temporalPadding == .stream ? I3D.temporalContext : 0
    stride = settings.clip.stride == 0 ? nil : settings.clip.stride
    preprocessing = ClipPreprocessing(
      size: settings.clip.size, crop: settings.clip.crop == .full ? .full : .centerSquare)
    self.content = content
    poseFrames = settings.pose.frames > 0 ? settings.pose.frames : nil
    poseStride = settings.pose.stride
    asReleased = settings.pose.asReleased
  }
}

extension ClipAugmentation {
  init(_ settings: AugmentationSettings) {
    let preset: Preset =
      switch settings.preset {
      case .none: .none
      case .light: .light
      case .strong: .strong
      }
    self.init(preset)
    scale = (settings.smallest ?? scale.lowerBound)...(settings.largest ?? scale.upperBound)
    place = settings.place ?? place
    flip = settings.flip ?? flip
    brightness = settings.brightness ?? brightness
    contrast = settings.contrast ?? contrast
    color = settings.color ?? color
    grey = settings.grey ?? grey
    blur = settings.blur ?? blur
    speed = settings.speed ?? speed
    pose.turn = settings.turn ?? pose.turn
    pose.tilt = settings.tilt ?? pose.tilt
    pose.scale = settings.bodyScale ?? pose.scale
    pose.noise = settings.jointNoise ?? pose.noise
    pose.dropout = settings.jointDropout ?? pose.dropout
    pose.crop = settings.crop ?? pose.crop
  }
}

extension OptimizerKind {
  init(_ settings: OptimizerSettings) {
    self =
      switch settings.kind {
      case .sgd: .sgd(momentum: settings.momentum, nesterov: settings.nesterov)
      case .adam: .adam(beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon)
      case .adamw: .adamW(beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon)
      }
  }
}
