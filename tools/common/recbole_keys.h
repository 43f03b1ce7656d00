// Keys of RecBole's configuration that change nothing here.
#pragma once

namespace recvae::tools {

/// Of machines, files, logs, negative samples, and fields that no model of this kind reads; a blank between two. A key
/// that would change a result (`learner`, `transform`) is not among them.
inline constexpr const char* kRecboleKeysWithoutMeaning =
    "gpu_id use_gpu device worker num_workers nproc ip port world_size offset group_offset local_rank single_spec "
    "enable_amp enable_scaler require_pow reproducibility state show_progress log_wandb wandb_project "
    "loss_decimal_place metric_decimal_place checkpoint_dir save_dataset dataset_save_path save_dataloaders "
    "dataloaders_save_path train_neg_sample_args valid_neg_sample_args test_neg_sample_args neg_sampling "
    "training_neg_sample_num training_neg_sample_distribution NEG_PREFIX LABEL_FIELD repeatable valid_metric_bigger "
    "seq_separator seq_len load_col unload_col unused_col additional_feat_suffix preload_weight normalize_field "
    "normalize_all numerical_features discretization alias_of_user_id alias_of_item_id alias_of_entity_id "
    "alias_of_relation_id ITEM_LIST_LENGTH_FIELD LIST_SUFFIX MAX_ITEM_LIST_LENGTH POSITION_FIELD HEAD_ENTITY_ID_FIELD "
    "TAIL_ENTITY_ID_FIELD RELATION_ID_FIELD ENTITY_ID_FIELD kg_reverse_r entity_kg_num_interval "
    "relation_kg_num_interval MODEL_TYPE MODEL_INPUT_TYPE loss_type";

}  // namespace recvae::tools
